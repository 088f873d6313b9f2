"""Writes into dvc.yaml which code and which sections of the spec each stage depends on, from what it imports.

Run it by `make graph` when modules or imports have changed. What stands in the file beside that is nobody's but the
writer's: commands, data, results.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import grimp

PACKAGES = ("features", "experiments", "pipelines")
SPEC, SECTIONS = "experiments.spec", "experiments.sections"
# Not code of a stage: words on the screen, places, errors, how processes and servers are reached, plug-ins found.
EVERYWHERE = {
    *PACKAGES,
    *("features.errors", "features.plugins"),
    *("pipelines.processes.processes", "pipelines.workspace"),
    *(f"pipelines.messages.{name}" for name in ("log", "masking")),
    *(f"pipelines.servers.{name}" for name in ("addresses", "databases", "faults")),
}
# Folders of plug-ins: who imports the folder may take any of them by its name. A new one needs no line.
PLUGINS = {
    *(f"features.{name}" for name in ("definitions", "labels", "sources")),
    *(f"experiments.{name}" for name in ("checks", "families", "learners", "metrics")),
}
# Files that a module reads from a folder of ours.
READ = {
    "pipelines.models.scorer_text": "pipelines/models/scorers",
    "pipelines.reporting.pages": "pipelines/reporting/templates",
    "pipelines.validation.expectations": "pipelines/validation",
}
STAGE, BLOCK, CODE = re.compile(r"  (\w+):"), re.compile(r"    (\w+):"), re.compile(rf"      - ({'|'.join(PACKAGES)})/")
TEXTS = "_texts"
KEY, PARAMS = re.compile(r"          - \w+$"), "      - experiments/specs/${item.spec}.yaml:"


def module_of(stage: str) -> str:
    """The module of a stage of dvc.yaml; those of readers of texts stand in a folder of their own."""
    return f"pipelines.stages.{f'texts.{stage.removesuffix(TEXTS)}' if stage.endswith(TEXTS) else stage}"


class Imports:
    """What imports what in the three packages, imports within functions included."""

    def __init__(self) -> None:
        self._graph = grimp.build_graph(*PACKAGES, cache_dir=None)

    def of(self, stage: str) -> set[str]:
        """The modules that a stage runs, itself and the plug-ins that it may take included."""
        found: set[str] = set()
        asked = {module_of(stage)}
        while asked:
            found |= asked.union(*(self._graph.find_upstream_modules(one) for one in asked))
            asked = {one for package in found & PLUGINS for one in self._graph.find_descendants(package)} - found
        return found

    def sections(self, stage: str) -> list[str]:
        """The sections of the spec that a stage reads; none is all of it."""
        found = self.of(stage)
        known = {name.rpartition(".")[2] for name in found if name.startswith(f"{SECTIONS}.")}
        return [] if SPEC in found else sorted(known - {"section"})

    def files(self, stage: str) -> list[str]:
        """The files that a stage depends on; a folder where it is all of it, or plug-ins, or read as it is."""
        found = self.of(stage)
        folders = {_path(package) for package in found & PLUGINS} | {READ[module] for module in found & READ.keys()}
        folders |= {_path(package) for package in self._folders if self._graph.find_descendants(package) <= found}
        files = {f"{_path(module)}.py" for module in found - EVERYWHERE - PLUGINS - self._folders}
        return sorted(one for one in folders | files if not any(one.startswith(f"{folder}/") for folder in folders))

    @cached_property
    def _folders(self) -> set[str]:
        below = {module for module in self._graph.modules if self._graph.find_descendants(module)}
        return below - set(PACKAGES)


def _path(module: str) -> str:
    return module.replace(".", "/")


def written(text: str, imports: Imports) -> str:
    """dvc.yaml with the code and the sections that the stages depend on today; all else as it is."""
    return "".join(f"{line}\n" for line in _lines(text, imports))


def _lines(text: str, imports: Imports) -> Iterator[str]:
    stage = block = ""
    for line in [*text.splitlines(), ""]:
        if line and not line.startswith("      "):  # a block ends
            if block == "deps":
                yield from (f"      - {file}" for file in imports.files(stage))
            block = found[1] if (found := BLOCK.match(line)) else ""
            stage = found[1] if (found := STAGE.match(line)) else stage
        # Which keys of its spec a stage of texts reads is written by hand, and tested.
        is_ours = block == "params" and KEY.match(line) and not stage.endswith(TEXTS)
        if (block == "deps" and CODE.match(line)) or is_ours:
            continue
        if line:
            yield line
        if block == "params" and line == PARAMS:
            yield from (f"          - {name}" for name in imports.sections(stage))


if __name__ == "__main__":
    graph = Path("dvc.yaml")
    graph.write_text(written(graph.read_text(), Imports()))
