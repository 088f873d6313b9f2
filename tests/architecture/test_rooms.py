"""The two larger packages stand in a few named rooms, and their pictures show today's imports."""

import ast
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("pipelines", "experiments")
MOST = 24


def rooms(root: Path, package: str) -> list[Path]:
    """The folders and modules at the top of a package."""
    found = (one for one in (root / package).iterdir() if one.suffix == ".py" or (one / "__init__.py").exists())
    return [one for one in found if one.name != "__init__.py"]


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_few_and_each_says_what_belongs_there(root: Path, package: str) -> None:
    found = rooms(root, package)
    assert len(found) <= MOST
    for room in found:
        text = (room / "__init__.py" if room.is_dir() else room).read_text()
        assert len(ast.get_docstring(ast.parse(text)) or "") > 20, room


@pytest.mark.parametrize("package", PACKAGES)
def test_the_picture_is_of_todays_imports(root: Path, package: str) -> None:
    command = [str(Path(sys.executable).parent / "import-linter"), "drawgraph", package]
    drawn = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    arrows = {f"{needs}->{needed}" for needs, needed in re.findall(r'"([^"]+)"\s*->\s*"([^"]+)"', drawn)}
    picture = html.unescape((root / "docs" / f"rooms_{package}.svg").read_text())
    shown = {title for title in re.findall(r"<title>([^<]*)</title>", picture) if "->" in title}
    assert len(arrows) > 20
    assert shown == {title.replace(f"{package}.", "") for title in arrows}, "make rooms draws it anew"
