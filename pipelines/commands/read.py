"""Read a file of texts with the champion among readers of texts: class, tone, confidence and topic of each.

A file is CSV, Excel, Parquet or JSON lines; of a text, 20,000 characters are read. The CSV that it writes has a line
for each row of the file, in its order: row (its number), key (with --key), class (bad, indifferent, good), tone in
[-1, 1], confidence in [0, 1], topic, known (False where the reader knows too few of its words: then it is indifferent,
with tone 0) and learned_from (True where the reader learned from this very text: what it says of it proves nothing).

group: look
writes: artifacts/SPEC/read/FILE.csv, or the file that --to names
codes: 5
json: the version, how many texts, how many of each class, unknown, cut, without text, learned from, and where
example: python -m pipelines read demo_tone comments.csv --text comment
example: python -m pipelines read demo_tone calls.xlsx --text note --key customer_id --to tones.csv
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.texts.spec import TextsSpec
    from pipelines.jobs.text_readings import Read
    from pipelines.workspace import Workspace

# What surveys call it.
COMMENT = "comment"


def arguments(command: argparse.ArgumentParser) -> None:
    """The file, its columns, and where to write."""
    command.add_argument("file", metavar="FILE", help="the file of texts")
    command.add_argument(
        "--text", metavar="COLUMN", help="the column of texts; that of the spec's source unless said, or comment"
    )
    command.add_argument("--key", metavar="COLUMN", help="a column that names each text, to be written beside it")
    command.add_argument("--to", metavar="PATH", help="the file to write")


def run(spec: Any, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Read, write and count. Raises UsageError for a model of churn, and as `text_readings.read`."""
    from pathlib import Path

    from experiments.texts.spec import TextsSpec
    from features.errors import UsageError
    from pipelines.jobs import text_readings

    if not isinstance(spec, TextsSpec):
        raise UsageError(f"'{spec.name}' is a model of churn, which reads no texts; name a spec with `kind: texts`.")
    path = Path(arguments.file)
    to = Path(arguments.to) if arguments.to else workspace.artifacts / "read" / f"{path.name.partition('.')[0]}.csv"
    column = arguments.text or _column(spec)
    found = text_readings.read(spec, workspace, path, text=column, key=arguments.key, to=to)
    plain = {
        "spec": spec.name,
        "version": found.version,
        "texts": found.texts,
        "classes": dict(sorted(found.classes.items())),
        **{name: found.special[name] for name in ("unknown", "without_text", "cut", "learned_from")},
        "file": str(to),
    }
    return Answer(tuple(_lines(spec.name, found, to, workspace)), plain)


def _column(spec: "TextsSpec") -> str:
    return str(getattr(spec.source, "text", COMMENT))


def _lines(name: str, found: "Read", to: "Path", workspace: "Workspace") -> list[str]:
    classes = ", ".join(f"{count:,} {one}" for one, count in sorted(found.classes.items()))
    words = {
        "without_text": "have no text",
        "unknown": "are not known: the reader learned too few of their words, so they are indifferent with tone 0",
        "cut": "are longer than 20,000 characters, beyond which nothing is read",
        "learned_from": "are texts that the reader learned from: what it says of them proves nothing",
    }
    where = to.relative_to(workspace.root) if to.is_relative_to(workspace.root) else to
    return [
        f"read {name}: {found.texts:,} texts by version {found.version}: {classes}",
        *(f"  {count:,} {said}" for one, said in words.items() if (count := found.special[one])),
        f"list  {where}",
    ]
