"""How-to pages as tests read them: files to write, commands to type, what is then said, and mistakes to make."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^ *```([\w{}]*)$")
FILE = re.compile(r"^(At the end of )?`([\w./]+)`:$")
WITHOUT = re.compile(r"^Without (?:the section in )?`([\w./]+)`:$")


@dataclass(frozen=True)
class Block:
    """A fenced block: the line before it, its language and its text."""

    lead: str
    language: str
    text: str


@dataclass(frozen=True)
class Step:
    """Commands to type, and lines that they say."""

    commands: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class Mistake:
    """What somebody may do wrong, as files of the page with other texts (None: the file is left out)."""

    lead: str
    files: Mapping[str, str | None]
    step: Step


@dataclass(frozen=True)
class Page:
    """A page: the texts of files by their paths, what is added to the end of others, steps and mistakes."""

    files: Mapping[str, str]
    added: Mapping[str, str]
    steps: tuple[Step, ...]
    mistakes: tuple[Mistake, ...] = field(default=())


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order. Raises ValueError for one that does not end."""
    lead, lines = "", iter(text.splitlines())
    for line in lines:
        if not (opened := FENCE.match(line)):
            lead = line.strip() or lead
            continue
        inside: list[str] = []
        for within in lines:
            if within.strip() == "```":
                break
            inside.append(within)
        else:
            raise ValueError(f"the block after {lead!r} does not end")
        indent = len(line) - len(line.lstrip())
        yield Block(lead, opened[1], "".join(f"{one[indent:]}\n" for one in inside))
        lead = ""


@dataclass(frozen=True)
class Change:
    """A file as it is after a page wrote it, or changed some lines of it."""

    name: str
    old: str
    new: str

    def made(self, before: str) -> str:
        """The text of the file afterwards. Raises ValueError where the lines to change do not stand there once."""
        if self.old and before.count(self.old) != 1:
            raise ValueError(f"{self.name} has these lines {before.count(self.old)} times: {self.old}")
        return before.replace(self.old, self.new) if self.old else self.new


def told(path: Path) -> Iterator[Change | Step]:
    """What a tutorial does, in order: files written or changed, and commands that are typed.

    Left alone are lines about the demo, which takes minutes, and those of git.
    """
    waiting: tuple[str, ...] = ()
    for block in (*blocks(path.read_text()), Block("", "", "")):
        if waiting:
            yield Step(waiting, block.text if block.language == "text" else "")
        waiting = ()
        named = FILE.match(block.lead)
        if block.language == "sh":
            waiting = tuple(line for line in block.text.splitlines() if not re.search(r"demo|^git|^source|^make", line))
        elif block.language == "diff" and named:
            yield Change(named[2], *_sides(block))
        elif named:
            yield Change(named[2], "", block.text)
        elif block.language == "python":
            yield Step((shlex.join(["python", "-c", block.text]),), "")


def read(path: Path) -> Page:
    """The page. Raises ValueError where a mistake changes what no file of the page has, or a text has no command."""
    files: dict[str, str] = {}
    added: dict[str, str] = {}
    steps: list[Step] = []
    mistakes: list[Mistake] = []
    commands: tuple[str, ...] = ()
    changed: tuple[str, dict[str, str | None]] | None = None
    for block in blocks(path.read_text()):
        if left_out := WITHOUT.match(block.lead):
            changed = block.lead, {left_out[1]: None}
        if block.language == "sh":
            commands = tuple(block.text.splitlines())
        elif block.language == "diff":
            changed = block.lead, _changed(block, files)
        elif block.language == "text":
            asked = commands or (steps[-1].commands[-1],)
            if changed:
                mistakes.append(Mistake(*changed, Step(asked, block.text)))
            else:
                steps.append(Step(asked, block.text))
            changed, commands = None, ()
        elif named := FILE.match(block.lead):
            (added if named[1] else files)[named[2]] = block.text
    return Page(files, added, tuple(steps), tuple(mistakes))


def _changed(block: Block, files: Mapping[str, str]) -> dict[str, str | None]:
    """The one file that has the lines that are taken away, with those that are put in their place."""
    old, new = _sides(block)
    having = [name for name, text in files.items() if text.count(old) == 1]
    if len(having) != 1:
        raise ValueError(f"{len(having)} files of the page have these lines once: {old}")
    return {having[0]: files[having[0]].replace(old, new)}


def _sides(block: Block) -> tuple[str, str]:
    """The lines of a diff before and after."""
    lines = block.text.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
    return old, new


def missing(said: str, output: str) -> list[str]:
    """The lines of a page that do not stand, in this order, in what was really said; `...` is anything."""
    lines, lost = iter([" ".join(line.split()) for line in output.splitlines()]), []
    for wanted in said.splitlines():
        words = " ".join(wanted.split())
        pattern = ".*".join(re.escape(part.strip()) for part in words.split("..."))
        if words.strip(". ") and not any(re.search(pattern, line) for line in lines):
            lost.append(wanted)
            break
    return lost
