"""Whether Python and the packages are those of the lock file."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from pipelines.jobs.care.finding import ERROR, OK, WARNING, Finding, fine

LOCK, PROJECT = "requirements.lock", "pyproject.toml"
# A line of the lock: a name, its version, and on which machines it is wanted.
PIN = re.compile(r"^([\w.-]+)==(\S+)( ;.*)? \\$", re.MULTILINE)
BOUND = re.compile(r"(>=|<)\s*([\d.]+)")
NAME = re.compile(r"[\w.-]+")
REMEDY = "`make lint` installs what the lock names"
MOST = 5

Version = tuple[int, ...]


def findings(root: Path) -> Iterator[Finding]:
    """A line for Python, and one for the packages."""
    if not (root / LOCK).exists() or not (root / PROJECT).exists():
        yield Finding(WARNING, "packages", f"there is no {LOCK} to compare with", "run it in a checkout of the project")
        return
    project = tomllib.loads((root / PROJECT).read_text())["project"]
    yield python(str(project["requires-python"]), sys.version_info[:3])
    there = {_name(one.name): one.version for one in metadata.distributions() if one.name}
    direct = {_name(found[0]) for one in project["dependencies"] if (found := NAME.match(one))}
    yield packages((root / LOCK).read_text(), there, direct)


def python(wanted: str, there: Version) -> Finding:
    """Whether a version of Python is within what the project wants, such as `>=3.11,<3.12`."""
    bounds = [(sign, tuple(map(int, text.split(".")))) for sign, text in BOUND.findall(wanted)]
    said = ".".join(map(str, there))
    if all(there >= bound if sign == ">=" else there < bound for sign, bound in bounds):
        return fine("Python", said)
    return Finding(ERROR, "Python", f"it is {said}, and the project wants {wanted}", "make .venv anew with that Python")


def packages(lock: str, there: Mapping[str, str], direct: set[str]) -> Finding:
    """Whether what is there is what a lock names; an error where one that our own code imports is missing.

    there are versions by name. A package that is wanted on some machines only may be missing.
    """
    wanted: dict[str, set[str]] = {}
    everywhere = set()
    for name, version, marker in PIN.findall(lock):
        wanted.setdefault(_name(name), set()).add(version)
        everywhere |= set() if marker else {_name(name)}
    missing = sorted(everywhere - set(there))
    other = sorted(name for name, versions in wanted.items() if name in there and there[name] not in versions)
    if not missing and not other:
        return Finding(OK, "packages", f"{len(wanted)} as {LOCK} names them")
    parts = [f"{name} is missing" for name in sorted(missing, key=lambda name: name not in direct)]
    parts += [f"{name} is {there[name]}, not {' or '.join(sorted(wanted[name]))}" for name in other]
    more = f" and {len(parts) - MOST} more" if len(parts) > MOST else ""
    level = ERROR if direct & set(missing) else WARNING
    return Finding(level, "packages", f"{', '.join(parts[:MOST])}{more}", REMEDY)


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
