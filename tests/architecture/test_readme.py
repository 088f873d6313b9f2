"""What the README and the pages of docs/ tell people to type works, and what they show as code is code."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.cli import parse_args
from pydantic import TypeAdapter

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.cli import main, parser, stages
from pipelines.jobs.listing import KINDS
from tests.end_to_end.pages import FILE, Block, blocks

ROOT = Path(__file__).parent.parent.parent
MADE = ("_build", "reference")  # by Sphinx, from the code
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.relative_to(ROOT / "docs").parts[0] not in MADE),
]
README = "\n".join(page.read_text() for page in PAGES)
LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())]
BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page.read_text()), start=1)
]
LINES = [
    line.partition("#")[0].strip()
    for block in (one.values[0] for one in BLOCKS)
    if block.language == "sh"
    for line in block.text.splitlines()
]
WITHIN = re.findall(r"`((?:python -m pipelines|pytest|make|dvc) [^`]*)`", README)
TYPED = sorted({line for line in (*LINES, *WITHIN) if line})
# Names that stand for whatever the reader has: no file needs to be of theirs.
STAND_INS = ("SPEC", "NAME", "KIND", "PATH", "TEXT", "VERSION", "FILE", "ADDRESS")
# What a line may begin with that is no program of ours.
OTHERS = (
    "source .venv/bin/activate",
    "export ",
    "echo $?",
    "git ",
    "curl ",
    "docker ",
    "mlflow ",
    "rm ",
    "sed -i ",
    "python -m pip ",
    "uvx ",
)
PLACES = [
    place
    for place in sorted(set(re.findall(r"`((?:features|experiments|pipelines|tests|docs)/[\w/.]*)`", README)))
    if not re.search("NAME|THEME|NNN|KIND", place)
]
# Files that pages have their readers write.
WRITTEN = {found[2] for page in PAGES for block in blocks(page.read_text()) if (found := FILE.match(block.lead))}
SECTIONS = {name: field.annotation for name, field in ExperimentSpec.model_fields.items()}


def test_there_is_something_to_type() -> None:
    assert len(LINES) > 50
    assert len(BLOCKS) > 50
    assert any(line.startswith("dvc") for line in TYPED)


def specs(root: Path) -> set[str]:
    """The specs that there are, and those that pages have their readers write."""
    there = {path.stem for path in (root / "experiments/specs").glob("*.yaml")}
    proposed = {line.split()[4] for line in TYPED if line.startswith("python -m pipelines new ")}
    written = {Path(name).stem for name in WRITTEN if name.startswith("experiments/specs/")}
    return there | proposed | written | set(STAND_INS)


@pytest.mark.parametrize("line", TYPED)
def test_every_line_to_type_is_a_command_that_there_is(line: str, root: Path) -> None:
    words = shlex.split(line)
    if line.startswith("python -m pipelines"):
        is_one_of_ours(words[3:], root)
    elif words[0] == "pytest":
        files = [word for word in words[1:] if word.startswith("tests")]
        assert files
        assert all((root / one.split("::")[0]).exists() or one in WRITTEN or "NAME" in one for one in files)
    elif words[0] == "make":
        targets = [word for word in words[1:] if "=" not in word]
        assert all(re.search(rf"^{re.escape(one)}:", (root / "Makefile").read_text(), re.MULTILINE) for one in targets)
    elif words[0] == "dvc":
        parse_args(words[1:-1] if words[-1] == "-S" else words[1:])  # named in a sentence, without its value
    elif words[0] == "ruff":
        assert words[1] in ("check", "format")
    elif line.startswith("python -m tests."):
        assert (root / words[2].replace(".", "/")).with_suffix(".py").exists()
    elif words[0] == "python" and not line.startswith(OTHERS):
        assert words[1] in WRITTEN
    else:
        assert line.startswith(OTHERS), line


def is_one_of_ours(words: list[str], root: Path) -> None:
    """Whether words can be parsed, and the spec or kind that they name is there."""
    if "--help" in words or set(words) & {"...", ">", "<"}:
        words = words[: next(place for place, word in enumerate(words) if word in ("--help", "...", ">", "<"))]
    if not words:
        return
    if words[0] in STAND_INS or len(words) == 1:
        assert words[0] in STAND_INS or words[0] in {"list", *stages(), *parser_commands()} | WRITTEN_COMMANDS
        return
    if words[0] in WRITTEN_COMMANDS:
        assert words[1] in specs(root)
        return
    arguments = parser().parse_args(words)
    if arguments.command == "list":
        assert arguments.kind in {*KINDS, *STAND_INS}
    else:
        assert {*getattr(arguments, "specs", ()), *([arguments.spec] if hasattr(arguments, "spec") else [])} <= specs(
            root
        )


WRITTEN_COMMANDS = {Path(name).stem for name in WRITTEN if name.startswith("pipelines/commands/")}


def parser_commands() -> set[str]:
    """Every command by name."""
    actions = [one for one in parser()._actions if one.choices]
    return {str(name) for one in actions for name in one.choices or ()}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_code_can_be_read(block: Block) -> None:
    known = ("sh", "text", "python", "yaml", "diff", "markdown", "json", "{toctree}")
    assert block.language in known, f"say what this is, one of {known}"
    if block.language == "python":
        ast.parse(block.text)
    if block.language == "yaml":
        is_part_of_a_spec(yaml.safe_load(block.text))


def is_part_of_a_spec(plain: Any) -> None:
    """Sections of a spec by their keys have the keys and values that a spec may have; other fragments can be read."""
    assert isinstance(plain, dict)
    if plain.get("kind") == "texts":
        TextsSpec.model_validate({"name": "page", **plain})
        return
    if set(plain) >= {"title", "source", "label"}:
        ExperimentSpec.model_validate({"name": "page", **plain})
    for name in set(plain) & set(SECTIONS) - {"source", "treatment"}:
        TypeAdapter(SECTIONS[name]).validate_python(plain[name])


def test_what_is_no_code_is_noticed() -> None:
    with pytest.raises(SyntaxError):
        test_every_block_of_code_can_be_read(Block("", "python", "def f(:\n"))
    with pytest.raises(ValueError, match="budget"):
        test_every_block_of_code_can_be_read(Block("", "yaml", "policy: {budget_sahre: 0.2}\n"))
    for line in (
        "python -m pipelines rnu demo",
        "make nothing",
        "pytest tests/nowhere.py",
        "dvc expp run",
        "cargo run",
    ):
        with pytest.raises((AssertionError, SystemExit, Exception)):
            test_every_line_to_type_is_a_command_that_there_is(line, ROOT)


@pytest.mark.parametrize("path", PLACES)
def test_every_place_on_the_map_exists(path: str, root: Path) -> None:
    assert (root / path).exists() or path in WRITTEN


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: Path, link: str) -> None:
    assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_page_is_on_the_site(root: Path) -> None:
    listed = set(re.findall(r"^([\w/]+)$", (root / "docs/index.md").read_text(), re.MULTILINE))
    there = {
        str(page.relative_to(root / "docs").with_suffix("")) for page in PAGES if page.is_relative_to(root / "docs")
    }
    assert {name for name in there if not name.startswith("decisions/")} - {"index"} <= listed


def test_the_tutorial_shows_what_the_readme_shows(root: Path) -> None:
    shown = next(
        one for one in blocks((root / "docs/tutorials/first_champion.md").read_text()) if one.language == "text"
    )
    assert set(shown.text.splitlines()) <= set((root / "README.md").read_text().splitlines())


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


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


def test_a_run_with_nothing_to_do_loads_no_library_of_tables_or_texts() -> None:
    """What it does: reads the spec, of either kind, and asks whether anything was touched."""
    program = """
import sys
from pathlib import Path
import pipelines.cli
from pipelines.jobs import main_job, text_jobs
from pipelines.specs import text_specs
from pipelines.workspace import Workspace
for name in ("demo", "demo_tone"):
    workspace = Workspace(Path.cwd(), name)
    spec = text_specs.load(workspace)
    main_job.repeated_runs.answer(workspace)
print(spec.kind, sorted({name.split(".")[0] for name in sys.modules}))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.startswith("texts ")
    for heavy in ("mlflow", "pandas", "opencc", "sklearn", "scipy", "optuna", "great_expectations"):
        assert f"'{heavy}'" not in ended.stdout, f"reading a spec imports {heavy}"
