import os
import sys
from dataclasses import dataclass
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType

import pytest

from features.errors import HoldfastError
from features.plugins import discover, names


@dataclass(frozen=True)
class Dish:
    name: str


@dataclass(frozen=True)
class Kind:
    kind: str


def package_of(modules: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package on disk, whose modules may use Dish and Kind."""
    package = folder / "a_menu"
    package.mkdir()
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
    kitchen = ModuleType("the_kitchen")
    vars(kitchen).update(Dish=Dish, Kind=Kind)
    monkeypatch.setitem(sys.modules, "the_kitchen", kitchen)
    monkeypatch.syspath_prepend(folder)
    for name in ["a_menu", *(f"a_menu.{module}" for module in modules)]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    invalidate_caches()
    return import_module("a_menu")


def test_every_plugin_is_found_by_its_name_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from the_kitchen import Dish, Kind\n{}"
    modules = {"one": text.format("SOUP = Dish('soup')"), "two": text.format("BREAD = Dish('bread'); K = Kind('k')")}
    package = package_of(modules, tmp_path, monkeypatch)
    assert list(discover(package, Dish)) == ["bread", "soup"]
    assert list(discover(package, Kind)) == ["k"]


@pytest.mark.parametrize("settled", [False, True], ids=["just made", "long there"])
def test_a_file_that_comes_or_goes_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: bool
) -> None:
    package = package_of({"one": ""}, tmp_path, monkeypatch)
    other = tmp_path / "a_menu" / "two.py"
    for number in range(20):
        if settled:
            os.utime(other.parent, (number, number))
        assert names(package) == ["one"]
        other.touch()
        assert names(package) == ["one", "two"]
        other.unlink()
    package.__path__ = [*package.__path__, str(tmp_path / "nowhere")]
    assert names(package) == ["one"]


def test_a_plugin_that_another_module_imports_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"one": "from the_kitchen import Dish\nSOUP = Dish('soup')", "two": "from a_menu.one import SOUP"}
    assert list(discover(package_of(modules, tmp_path, monkeypatch), Dish)) == ["soup"]


def test_two_plugins_of_one_name_are_an_error_that_names_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = dict.fromkeys(("one", "two"), "from the_kitchen import Dish\nSOUP = Dish('soup')")
    with pytest.raises(HoldfastError, match=r"Dish 'soup' is defined in a_menu\.one and in a_menu\.two; rename one"):
        discover(package_of(modules, tmp_path, monkeypatch), Dish)
