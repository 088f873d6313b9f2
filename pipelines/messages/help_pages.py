"""The `--help` text of commands, from the docstrings of their modules.

Such a line begins with one of `FIELDS`: `group: look`, `writes: artifacts/SPEC/decision.json, the receipt`,
`codes: 3; 5 a fault, one line each` (0, 1 and 2 stand for every command), `json: what --json prints`, `example: ...`.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pipelines.messages import json_lines, log

FIELDS = ("group", "writes", "codes", "json", "example")
LINE = re.compile(rf"({'|'.join(FIELDS)}): (.+)")
CODES = {
    0: "done",
    1: "a bug",
    2: "wrong use or configuration, an unavailable disk or server, another run at work, or stopped (run again)",
    3: "the champion stays",
    4: "inconclusive",
    5: "data or contract refused",
    6: "retraining is asked for",
}
EVERY = (0, 1, 2)
USAGE = 2
# The order of the groups, each with its heading; a command that names none stands in the last.
GROUPS = {
    "work": "from data to a decision",
    "look": "show, without changes",
    "act": "warn and contact customers",
    "decide": "decide by hand, and maintain the registry",
    "care": "look after it for years",
    "stage": "single stages of a run, in order",
    "other": "other commands",
}


@dataclass(frozen=True)
class Page:
    """A command's help: its first line, its full text, and the fields of its last lines."""

    first: str
    text: str
    group: str = "other"
    writes: tuple[str, ...] = ()
    codes: Mapping[int, str] = field(default_factory=dict)
    json: str = ""
    examples: tuple[str, ...] = ()

    def epilog(self, action: str = "") -> str:
        """The text below the options; for an action of the command, its examples only."""
        examples = [one for one in self.examples if not action or f" {action} " in f"{one} "]
        parts = {
            "writes": self.writes or ("nothing",),
            "--json prints": (self.json,) if self.json else (),
            "exit codes": tuple(f"{code}  {meaning}" for code, meaning in sorted(self.codes.items())),
            "examples": examples,
        }
        return "\n\n".join(section(f"{title}:", lines) for title, lines in parts.items() if lines)


def page(docstring: str, group: str = "other") -> Page:
    """The page of a module's docstring; group is the default group."""
    lines = docstring.splitlines()
    said = [(found[1], found[2]) for line in lines if (found := LINE.fullmatch(line))]
    text = "\n".join(line for line in lines if not LINE.fullmatch(line)).strip()
    named = {name: tuple(value for key, value in said if key == name) for name in FIELDS}
    return Page(
        first=text.splitlines()[0] if text else "",
        text=text,
        group=next(iter(named["group"]), group),
        writes=named["writes"],
        codes=_codes("; ".join(named["codes"])),
        json=next(iter(named["json"]), ""),
        examples=named["example"],
    )


def _codes(text: str) -> dict[int, str]:
    found = {code: CODES[code] for code in EVERY}
    for one in filter(None, text.split("; ")):
        code, _, meaning = one.partition(" ")
        found[int(code)] = meaning or CODES[int(code)]
    return found


def section(title: str, lines: Sequence[str]) -> str:
    """A heading and the lines under it."""
    return "\n".join([title, *(f"  {line}" for line in lines)])


def grouped(pages: Mapping[str, Page]) -> str:
    """All commands by group, one line each."""
    width = max(map(len, pages))
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name, one in pages.items():
        found[one.group if one.group in GROUPS else "other"].append(f"{name:<{width}}  {one.first}")
    return "\n\n".join(section(f"{GROUPS[group]}:", lines) for group, lines in found.items() if lines)


class Parser(argparse.ArgumentParser):
    """A parser with `-v`, `-q` and `--log-json` at every level, which keeps line breaks."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "formatter_class": argparse.RawDescriptionHelpFormatter})
        self.below: Mapping[str, Parser] = {}
        says = self.add_mutually_exclusive_group()
        for letter, name, meaning in (
            ("v", "verbose", "more output: the time of each step, DVC's output, where in the code an error arose"),
            ("q", "quiet", "less output: results and errors only"),
        ):
            says.add_argument(
                f"-{letter}",
                f"--{name}",
                dest="loudness",
                action="store_const",
                const=name,
                default=argparse.SUPPRESS,
                help=meaning,
            )
        self.add_argument(
            json_lines.OPTION,
            dest="log",
            action="store_const",
            const=json_lines.JSON,
            default=argparse.SUPPRESS,
            help="the log as JSON lines, on standard error (as HOLDFAST_LOG=json)",
        )

    def error(self, message: str) -> NoReturn:
        """As in argparse; one line where the log is JSON lines."""
        if not json_lines.is_asked():
            super().error(message)
        log.error(f"{self.prog}: {message}")
        log.ended(self.prog, USAGE)
        self.exit(USAGE)

    def add_subparsers(self, **named: Any) -> Any:
        """As in argparse; the subparsers are remembered."""
        found = super().add_subparsers(**named)
        self.below = found.choices
        return found

    def finish(self, page: Page, action: str = "") -> None:
        """Add the page's text below the options, and `--json` where the page has it; subparsers too."""
        self.epilog = page.epilog(action)
        for name, one in self.below.items():
            one.finish(page, name)
        if page.json and not self.below:
            self.add_argument("--json", action="store_true", help="print JSON, for machines")
