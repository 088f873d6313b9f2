"""Writes the pages of docs/reference from the code: commands, the Python API, keys of a spec, and all plug-ins.

`python docs/reference.py` writes them by hand; Sphinx does it before it builds the site.
"""

import inspect
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from features import errors, sources
from features.plugins import discover
from features.source import Source
from pipelines import cli
from pipelines.api import holdfast
from pipelines.api.champions import Champion
from pipelines.jobs.listing import KINDS

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
PLUGINS = [kind for kind in KINDS if kind not in ("kinds", "stages")]


def write() -> None:
    """Write every page anew, where its text has changed."""
    FOLDER.mkdir(exist_ok=True)
    pages = {
        "commands": commands(),
        "api": api(),
        "spec": spec(),
        "texts_spec": texts_spec(),
        **{kind: plugins(kind) for kind in PLUGINS},
    }
    for name, text in pages.items():
        page = FOLDER / f"{name}.md"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)
    for page in FOLDER.glob("*.md"):
        if page.stem not in pages:
            page.unlink()


def commands() -> str:
    """What `--help` says of every command."""
    return "\n".join(["# Commands\n", *(f"## {name}\n\n```text\n{_help(name)}\n```\n" for name in cli.pages())])


def _help(command: str) -> str:
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        cli.parser().parse_args([command, "--help"])
    return said.getvalue().rstrip()


def api() -> str:
    """What `import holdfast` gives: every name with its types and what it raises, and the errors."""
    lines = ["# Python API\n", f"{inspect.getdoc(holdfast)}\n", "## open\n", *_callable("holdfast.open", holdfast.open)]
    for kind in (holdfast.Project, holdfast.Model, Champion, holdfast.Report):
        lines += [f"## {kind.__name__}\n", f"{inspect.getdoc(kind)}\n"]
        for name, one in vars(kind).items():
            if not name.startswith("_") and (isinstance(one, property) or inspect.isfunction(one)):
                lines += _callable(f"{kind.__name__}.{name}", one)
    lines += ["## Errors\n", "| error | is also | meaning |", "|---|---|---|"]
    for name, one in vars(errors).items():
        if inspect.isclass(one) and issubclass(one, holdfast.HoldfastError):
            bases = ", ".join(f"`{base.__name__}`" for base in one.__bases__)
            lines.append(f"| `features.errors.{name}` | {bases} | {_cell(inspect.getdoc(one) or '')} |")
    return "\n".join(lines) + "\n"


def _callable(name: str, one: Any) -> list[str]:
    """A name with its types, and what it says of itself; a property is shown by its type."""
    getter = one.fget if isinstance(one, property) else None
    signature = inspect.signature(getter or one)
    without_self = signature.replace(parameters=[each for each in signature.parameters.values() if each.name != "self"])
    shown = f": {_plain(signature.return_annotation)}" if getter else _plain(without_self)
    return [f"### {name}\n", f"```python\n{name}{shown}\n```\n", f"{inspect.getdoc(getter or one)}\n"]


def _plain(one: Any) -> str:
    """A type or a signature in as few words as it has."""
    text = one.__name__ if inspect.isclass(one) else str(one)
    for module in (
        "pandas.",
        "core.frame.",
        "core.series.",
        "typing.",
        "collections.abc.",
        "pathlib.",
        "pipelines.api.",
        "models.",
        "reports.",
        "projects.",
    ):
        text = text.replace(module, "")
    return text.replace("'", "") if not inspect.isclass(one) else text


def plugins(kind: str) -> str:
    """The names and meanings of a kind."""
    rows = (f"| `{name}` | {_cell(meaning)} |" for name, meaning in KINDS[kind](ROOT))
    return "\n".join([f"# {kind.capitalize()}\n", "| name | meaning |", "|---|---|", *rows, ""])


def spec() -> str:
    """Every key of a spec, and of each kind of source: its type, its default, and what its section says."""
    kinds = discover(sources, Source).values()
    return "\n".join(
        [
            _keys("Keys of a spec", ExperimentSpec),
            *(_keys(f"Keys of `source` of kind `{one.kind}`", one.options, level="##") for one in kinds),
        ]
    )


def texts_spec() -> str:
    """The same of a reader of texts."""
    return _keys("Keys of a spec of texts", TextsSpec)


def _keys(title: str, kind: type[BaseModel], *, level: str = "#") -> str:
    schema = kind.model_json_schema()
    known = schema.get("$defs", {})
    lines = [f"{level} {title}\n", f"{inspect.getdoc(kind)}\n", *_table(schema, known)]
    for name, section in known.items():
        if "properties" in section:
            lines += [f"\n{level}# {name.removesuffix('Spec')}\n", f"{section.get('description', '')}\n"]
            lines += _table(section, known)
    return "\n".join(lines) + "\n"


def _table(section: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    yield from ("| key | type | default |", "|---|---|---|")
    for name, one in section["properties"].items():
        default = "required" if name in section.get("required", ()) else _default(one)
        yield f"| `{name}` | {_cell(_type(one, known))} | {_cell(default)} |"


def _default(one: dict[str, Any]) -> str:
    value = one.get("default", "{}")  # where the schema has none, names that are empty
    return "none" if value is None else "its own" if isinstance(value, dict) else f"`{value}`"


def _type(one: dict[str, Any], known: dict[str, Any]) -> str:
    if "$ref" in one:
        name = one["$ref"].rsplit("/", 1)[1]
        return f"section {name.removesuffix('Spec')}" if "properties" in known[name] else _type(known[name], known)
    if "anyOf" in one:
        return " or ".join(_type(each, known) for each in one["anyOf"])
    if values := one.get("enum", [one["const"]] if "const" in one else []):
        return " or ".join(f"`{value}`" for value in values)
    if one.get("type") == "array":
        return f"list of {_type(one.get('items', {}), known)}"
    if one.get("type") == "object" and "additionalProperties" in one:
        inner = one["additionalProperties"]
        return f"names, each with {_type(inner, known)}" if isinstance(inner, dict) else "any keys"
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{word} {one[bound]:g}" for bound, word in bounds.items() if bound in one]
    return ", ".join([str(one.get("type", "any")).replace("null", "nothing"), *limits])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write()
