"""The sections of an event log's spec: source, label, and the sections that follow from them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from features.catalog import features_for
from pipelines.jobs.proposing import writing
from pipelines.jobs.proposing.log_files import Log
from pipelines.jobs.proposing.log_label import Target
from pipelines.jobs.proposing.log_mappings import Columns
from pipelines.jobs.proposing.log_recorded import Recorded
from pipelines.jobs.proposing.settling import Said, Settling
from pipelines.jobs.proposing.table_roles import Arms

# What a canonical table feeds. What a contract costs is left to a person: most files do not tell it.
THEMES = {
    "customers": ("tenure",),
    "transactions": ("recency", "rfm", "spending", "tenure"),
    "usage": ("recency", "activity", "tenure"),
    "interactions": ("recency", "support", "tenure"),
}


@dataclass(frozen=True)
class Mapping:
    """One mapping of a canonical table: the log, the columns, and the rows that it leaves out."""

    table: str
    log: Log
    columns: Columns
    drop: dict[str, str] = field(default_factory=dict)


@dataclass
class Making:
    """The spec so far: its mappings, the arms, what was found and what is open."""

    settling: Settling
    database: duckdb.DuckDBPyConnection
    mappings: list[Mapping] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    arms: Arms | None = None

    @property
    def said(self) -> Said:
        """What was said."""
        return self.settling.said


def source(making: Making) -> Iterator[str]:
    """The files and their mappings, table by table."""
    said = making.said
    yield writing.section("source")
    yield "  kind: event_log"
    why = "you said so" if said.time_zone else "guess: the files do not say where their clocks stood"
    yield from writing.line("time_zone", said.time_zone or "UTC", indent=2, why=why)
    if said.unmapped:
        yield from writing.line("refuse_unmapped_above", said.unmapped, indent=2, why="you said so")
    if said.before_first_day:
        yield from writing.line("before_first_day", said.before_first_day, indent=2, why="you said so")
    yield writing.section("tables", indent=2)
    for table in dict.fromkeys(one.table for one in making.mappings):
        yield from _several(table, [list(_mapping(one)) for one in making.mappings if one.table == table], indent=4)
    for kind in dict.fromkeys(one.kind for one in making.recorded):
        several = [one for one in making.recorded if one.kind == kind]
        for one in several:
            yield from writing.comment(f"{one.log.files}: {one.why}.", indent=2)
        yield from _several(kind, [list(_mapping(one)) for one in several], indent=2)


def _several(name: str, mappings: list[list[str]], *, indent: int) -> Iterator[str]:
    """The mappings under a name: one, or a list of them."""
    yield writing.section(name, indent=indent)
    before = " " * (indent + 2)
    for lines in mappings:
        if len(mappings) == 1:
            yield from (f"{before}{line}" for line in lines)
        else:
            yield from (f"{before}{'  ' if number else '- '}{line}" for number, line in enumerate(lines))


def _mapping(one: Mapping | Recorded) -> Iterator[str]:
    yield from writing.line("files", one.log.files)
    if one.log.renamed:
        yield from writing.line("rename", dict(one.log.renamed), why="likely: the same columns under other names")
    yield from writing.reading(one.log.sheet.guess, of_table=False)
    if one.drop:
        yield from writing.line("drop", one.drop)
    if isinstance(one, Recorded) and one.values:
        yield from writing.line("values", one.values, why="likely: our words for those of the file")
    yield "columns:"
    for name, (sql, why) in one.columns.items():
        yield from writing.line(name, sql, indent=2, why=why)


def label(target: Target, making: Making) -> Iterator[str]:
    """What is predicted, and from which dates."""
    yield writing.section("label")
    yield from writing.line("kind", target.kind, indent=2, why=target.why)
    if target.kind == "inactive":
        table = target.table
        yield from writing.line("table", table, indent=2)
        if table == "transactions":
            yield from writing.line("event", "payment", indent=2)
        yield from writing.line("active_days", target.look_back_days, indent=2, why="as far as features look back")
        yield from writing.line("bad", "stayed away", indent=2)
        yield from writing.line("good", "came again", indent=2)
    yield from writing.line("horizon_days", target.horizon_days, indent=2)
    plain = {"first": str(target.first), "every_months": 1, "look_back_days": target.look_back_days}
    why = "likely: the first date with outcomes enough and room to look back"
    yield from writing.line("observations", plain, why=why)
    tables = {one.table for one in making.mappings}
    themes = list(dict.fromkeys(theme for table in THEMES if table in tables for theme in THEMES[table]))
    fed = {one.theme for one in features_for(themes, {*tables, "customers"}, look_back_days=target.look_back_days)}
    yield from writing.line("features", [one for one in themes if one in fed], why="sure: what these tables feed")


def rest(target: Target, making: Making) -> Iterator[str]:
    """The sections on training and evaluation."""
    said, arms = making.said, making.arms
    if arms:
        yield writing.section("treatment")
        plain = {name: {"cost": 0.0} for name in arms.arms}
        yield from writing.line("arms", plain, indent=2, why="guess: the files do not say what one costs")
        why = "you said so" if said.randomised else "nobody said that they were randomised"
        yield from writing.line("randomised", said.randomised, indent=2, why=why)
    else:
        why = "sure: no action was named"
        if any(one.kind == "contacts" for one in making.recorded):
            why = "guess: the files say what was done, not what it costs: write each action as one of treatment.arms"
        yield from writing.line("treatment", None, why=why)
    validation: dict[str, object] = {"volume_change": said.volume_change or 0.5}
    validation |= {"ended": list(said.ended)} if said.ended else {}
    yield from writing.line("validation", validation, why="you said so" if said.ended or said.volume_change else "")
    yield from writing.line("checks", {}, why="every leak check applies")
    yield from writing.line("value", {"constant": 1.0}, why="guess: not in the files")
    yield from writing.line("policy", {"budget_share": 0.2}, why="guess: not in the files")
    if target.split:
        split: dict[str, object] = target.split.model_dump()
        split.pop("gate_share")
        yield from writing.line("split", split, why="the newest dates judge")
    else:
        split = {"kind": "random", "gate_share": 0.3, "folds": 3, "seed": 0}
        yield from writing.line("split", split, why="one date: no newer one can judge")
    tuning = {"families": ["logistic", "lightgbm"], "metric": "log_loss", "trials": 24, "seed": 0}
    yield from writing.line("tuning", tuning)
    _, rows, left = target.dates[-1]
    medium = min(max(round(left / max(rows, 1), 2), 0.01), 0.9)
    high = round(min(medium + (1 - medium) / 3, 2 * medium), 2)
    yield from writing.line("score", {"medium_from": medium, "high_from": high})
