"""What of the machine and its packages is not as it was when a version was made: the likely causes of other bytes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from pipelines.jobs.care import installed
from pipelines.jobs.care.finding import OK
from pipelines.jobs.reproducing.making import Made
from pipelines.jobs.reproducing.origin import Origin
from pipelines.models import provenance

VERSION = "import platform; print(platform.python_version())"


def differences(made: Made, origin: Origin, stored: Path, *, fresh: bool) -> list[str]:
    """A line for each; stored are the files of the version. fresh: the packages are those of the commit's lock."""
    return [*_python(made, stored), *([] if fresh else _packages(made)), *_processor(origin), *_clock(made)]


def _python(made: Made, stored: Path) -> Iterator[str]:
    """The version of Python, which MLflow keeps beside a model."""
    file = stored / "python_env.yaml"
    then = (yaml.safe_load(file.read_text()) or {}).get("python") if file.is_file() else None
    asked = subprocess.run([made.python, "-c", VERSION], capture_output=True, text=True, check=True)
    if then and (now := asked.stdout.strip()) != str(then):
        yield f"Python is {now}, and it was {then}"


def _packages(made: Made) -> Iterator[str]:
    """The packages here against the commit's lock."""
    yield from (f"{one.about}: {one.words}" for one in installed.findings(made.workspace.root) if one.level != OK)


def _processor(origin: Origin) -> Iterator[str]:
    now = provenance.processor()
    if not origin.processor:
        yield f"processor: here it is {now}; which one it was, no tag says"
    elif now != origin.processor:
        yield f"processor: here it is {now}, and it was {origin.processor}"


def _clock(made: Made) -> Iterator[str]:
    """A search that a clock ends tries as many candidates as it comes to."""
    plain = yaml.safe_load(made.workspace.spec_file.read_text())
    seconds = (plain.get("tuning") or {}).get("timeout_seconds")
    if seconds:
        yield f"search: tuning.timeout_seconds is {seconds}, and a clock ends it earlier or later each time"
