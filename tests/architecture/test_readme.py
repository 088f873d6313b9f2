"""What the README and the pages of docs/ tell people to type works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import main, parser, stages
from pipelines.jobs.listing import KINDS

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = "\n".join(page.read_text() for page in PAGES)
LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())]
COMMANDS = re.findall(
    r"^(?:python -m pipelines|make|dvc|pytest) .*$|`((?:python -m pipelines|pytest) [^`]*)`", README, re.MULTILINE
)
LINES = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
PLACES = [
    place
    for place in sorted(set(re.findall(r"`((?:features|experiments|pipelines|tests|docs)/[\w/.]*)`", README)))
    if not re.search("NAME|THEME|NNN", place)
]


def test_there_is_something_to_type() -> None:
    assert len(LINES) > 8
    assert COMMANDS


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("python -m pipelines")])
def test_every_pipelines_command_is_one(line: str) -> None:
    arguments = parser().parse_args(line.split()[3:])
    if arguments.command == "list":
        assert arguments.kind in KINDS
    else:
        assert (Path("experiments/specs") / f"{arguments.spec}.yaml").exists()


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", "\n".join(LINES), re.MULTILINE))
def test_every_make_target_exists(target: str, root: Path) -> None:
    assert re.search(rf"^{target}:", (root / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", PLACES)
def test_every_place_on_the_map_exists(path: str, root: Path) -> None:
    assert (root / path).exists()


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: Path, link: str) -> None:
    assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


@pytest.mark.parametrize("test", re.findall(r"`pytest (tests/\S+)`", README))
def test_every_test_that_it_names_exists(test: str, root: Path) -> None:
    assert (root / test).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_listed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    assert capsys.readouterr().out.strip()


def test_help_teaches_every_stage_and_exit_code_without_heavy_imports() -> None:
    program = """
import sys, pipelines.cli
try:
    pipelines.cli.main(["--help"])
except SystemExit:
    print(sorted({name.split(".")[0] for name in sys.modules}))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for stage, meaning in stages().items():
        assert stage in told
        assert meaning.split()[0] in told
    assert "inconclusive" in told
    for heavy in ("mlflow", "pandas", "numpy", "lightgbm", "optuna", "great_expectations", "sklearn"):
        assert f"'{heavy}'" not in told, f"`--help` imports {heavy}; import it in the function that needs it"
