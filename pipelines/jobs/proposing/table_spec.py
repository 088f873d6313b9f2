"""The proposed spec of a table, or of several files that share a key."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from features.errors import UsageError
from pipelines.jobs.proposing import drafts, open_points, outcomes, table_days, table_roles, telling, writing
from pipelines.jobs.proposing.drafts import Draft
from pipelines.jobs.proposing.names import CURRENCIES, words
from pipelines.jobs.proposing.outcomes import Counted
from pipelines.jobs.proposing.settling import NO, Said, Settling, check_columns
from pipelines.jobs.proposing.sheets import Sheet
from pipelines.jobs.proposing.table_columns import Written, written
from pipelines.jobs.proposing.table_plan import Plan, plan
from pipelines.jobs.proposing.table_roles import Arms, Label


def proposed(spec: str, sheets: Sequence[Sheet], settling: Settling, database: duckdb.DuckDBPyConnection) -> Draft:
    """The draft. Raises UsageError, which names the column and the option, where something must be said first."""
    said = settling.said
    _check(said, sheets)
    found = plan(sheets, database, said)
    main, profiles = found.main, found.of_main
    check_columns([one for one in (said.customer_id, said.treatment) if one not in (None, NO)], main.file, main.columns)
    gone = _left_out(said, found)
    label = table_roles.label(main, profiles, settling, left_out=_of(gone, said.label))
    arms = table_roles.arms(main, profiles, settling, label=label.column)
    key, why = table_roles.key(main, profiles, settling)
    days = {
        place: one
        for sheet in sheets
        for place, one in table_days.counted(sheet, found.profiles[sheet.file], settling, database)
    }
    columns = written(found, said, key=key, label=label, arms=arms, days=days)
    counts = outcomes.counted(main, label, arms, gone, database)
    told = telling.telling(main, profiles, label, database)
    left = [f"{name}: {why}" for name, why in told if (main.file, name) in columns.called]
    left += columns.open
    left += open_points.of_a_table(found, said, key=key, label=label, arms=arms, gone=gone, database=database)
    lines = [
        *writing.line("title", " ".join(words(spec)).capitalize() or spec),
        *_currency(said, sheets),
        *_source(found, key=key, why=why, gone=gone),
        *_columns(columns),
        *_arms(arms),
        *_label(label, columns, main, arms),
        *_rest(arms, counts, said),
    ]
    return drafts.draft(lines, found=[counts.words], left=left)


def _check(said: Said, sheets: Sequence[Sheet]) -> None:
    """Raise UsageError where an option names a column that no file has, or two options name the same one."""
    there = [name for one in sheets for name in one.columns]
    named = {"--label": [said.label], "--customer-id": [said.customer_id], "--treatment": [said.treatment]}
    named |= {"--outcome": list(said.outcome), "--drop": list(said.drop)}
    for option, several in named.items():
        check_columns([one for one in several if one not in (None, NO)], option, there)
    roles = [(name, option) for option, several in named.items() for name in several if name not in (None, NO)]
    for place, (name, option) in enumerate(roles):
        if other := next((one for before, one in roles[:place] if before == name), None):
            raise UsageError(f"{other} and {option} both name '{name}'; a column is one thing.")


def _of(gone: Mapping[str, tuple[str, ...]], label: str | None) -> tuple[str, ...]:
    return gone.get(label, ()) if label else tuple(text for texts in gone.values() for text in texts)


def _left_out(said: Said, found: Plan) -> dict[str, tuple[str, ...]]:
    """The rows to leave out: texts by column."""
    gone: dict[str, tuple[str, ...]] = {}
    for one in said.leave_out:
        name, sign, text = one.partition("=")
        if not sign:
            raise UsageError(f"--leave-out: {one!r} is no COLUMN=VALUE; write such as 'Status=Joined', or 'Status='.")
        check_columns([name], "--leave-out", found.main.columns)
        profile = found.of_main[name]
        if (text and profile.distinct <= len(profile.top) and text not in profile.values) or (
            not text and not profile.missing
        ):
            raise UsageError(f"--leave-out: no row of '{name}' holds {text!r}; it holds {list(profile.values[:12])}.")
        gone[name] = (*gone.get(name, ()), text)
    return gone


def _currency(said: Said, sheets: Sequence[Sheet]) -> Iterator[str]:
    spoken = [one for sheet in sheets for name in sheet.columns for one in words(name) if one in CURRENCIES]
    currency = said.currency or (spoken[0] if spoken else "eur")
    why = "you said so" if said.currency else "likely: a column's name says it" if spoken else "guess: nobody said"
    yield from writing.line("currency", currency, why=why)


def _source(found: Plan, *, key: str | None, why: str, gone: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield writing.section("source")
    yield "  kind: table"
    yield from writing.line("file", found.main.file, indent=2)
    yield from writing.reading(found.main.guess, of_table=True, indent=2)
    if key:
        yield from writing.line("key", key, indent=2, why=why)
    else:
        yield from writing.comment(f"key: {why}", indent=2)
    if found.joins:
        yield writing.section("joins", indent=2)
    for join in found.joins:
        plain: dict[str, Any] = {"file": join.sheet.file, "key": join.key}
        if join.of is not found.main or join.by != key:
            plain["by"] = join.by
        if join.of is not found.main:
            plain["of"] = join.of.file
        if form := join.sheet.guess.keys(of_table=True):
            plain["format"] = form
            for remark in join.sheet.guess.remarks:
                yield from writing.comment(remark, indent=4)
        yield from writing.comment(f"sure: {join.why}", indent=4)
        yield from writing.item(plain, indent=4)
    if gone:
        plain_gone = {name: list(texts) for name, texts in gone.items()}
        yield from writing.line("leave_out", plain_gone, indent=2, why="you said so")


def _columns(found: Written) -> Iterator[str]:
    yield writing.section("columns", indent=2)
    yield from found.lines
    if found.out:
        yield from writing.comment("Left out:", indent=4)
    for one in found.out:
        yield from writing.comment(f"- {one}", indent=4)


def _arms(arms: Arms | None) -> Iterator[str]:
    if arms:
        yield writing.section("treatment", indent=2)
        yield from writing.line("column", arms.column, indent=4, why="you said so")
        yield from writing.line("control", arms.control, indent=4, why=arms.why)
        yield from writing.line("arms", dict(arms.arms), indent=4, why="sure: its other values")


def _label(label: Label, columns: Written, main: Sheet, arms: Arms | None) -> Iterator[str]:
    yield writing.section("label")
    yield "  kind: column"
    yield from writing.line("column", columns.called[main.file, label.column], indent=2)
    yield from writing.line("churned", label.churned, indent=2)
    yield from writing.line("retained", label.retained, indent=2)
    if label.said_by_name and not arms:
        yield from writing.line("leavers_are_gone", True, indent=2, why="likely: they are not scored; see the end")


def _rest(arms: Arms | None, counts: Counted, said: Said) -> Iterator[str]:
    yield from writing.line("observations", None, why="sure: a table has no dates")
    yield from writing.line("features", [], why="sure: they are the table's own columns")
    if arms:
        plain = {name: {"cost": 0.0} for name in arms.arms}
        why = "you said so" if said.randomised else "nobody said that they were randomised"
        yield writing.section("treatment")
        yield from writing.line("arms", plain, indent=2, why="guess: the file does not say what one costs")
        yield from writing.line("randomised", said.randomised, indent=2, why=why)
    else:
        yield from writing.line("treatment", None, why="sure: no action was named; --treatment")
    yield from writing.line("validation", {"volume_change": 0.5})
    yield from writing.line("checks", {}, why="every leak check applies")
    yield from writing.line("value", {"constant": 1.0}, why="guess: not in the file")
    yield from writing.line("policy", {"budget_share": 0.2}, why="guess: not in the file")
    split = {"kind": "random", "gate_share": counts.gate_share, "folds": counts.folds, "seed": 0}
    yield from writing.line("split", split)
    tuning = {"families": ["logistic", "lightgbm"], "metric": "log_loss", "trials": 24, "seed": 0}
    yield from writing.line("tuning", tuning)
    medium = min(max(round(counts.base_rate, 2), 0.01), 0.9)
    high = min(2 * medium, 0.95)
    bands = {"medium_from": medium, "high_from": round(high, 2)}
    yield from writing.line("score", bands, why="the share that left, and twice that")
