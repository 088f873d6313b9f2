"""Files of an event log that say what the team did, and whom nobody may contact: source.contacts and opt_outs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from features.event_log.expressions import literal
from pipelines.jobs.proposing import log_days, log_mappings, names
from pipelines.jobs.proposing import recorded_words as words
from pipelines.jobs.proposing.log_files import Log
from pipelines.jobs.proposing.log_mappings import Columns, reference

Forms = Mapping[str, str | None]


@dataclass(frozen=True)
class Recorded:
    """A proposed mapping of what `record` keeps: contacts or opt_outs, why, its columns, our words, and open points."""

    kind: str
    log: Log
    why: str
    columns: Columns
    drop: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    open: tuple[str, ...] = ()


def recorded(log: Log, forms: Forms) -> list[Recorded]:
    """What a file says of contacts and of opt-outs; nothing of other files.

    A file of opt-outs is told by its name; in a file of contacts a column may say them, too. Such a column of a file
    with one row a customer is left alone: it has no day.
    """
    found = [_contacts(log, forms)] if _is_of_contacts(log) else []
    return [*found, *_opt_outs(log, forms, beside_contacts=bool(found))]


def _is_of_contacts(log: Log) -> bool:
    """Whether a row says what was done to a customer and what came of it."""
    if _says_out(log.sheet.file) or not (_action(log) and log.table != "transactions"):
        return False
    outcome = log.column(words.OUTCOME)
    came = set(_translated(log.profiles[outcome].values, words.OUTCOMES).values()) if outcome else set()
    if came & (words.OF_AN_OFFER if log.column(words.ACTION) else words.OF_A_CALL):
        return True
    return names.says(_stem(log), words.DONE)


def _contacts(log: Log, forms: Forms) -> Recorded:
    action, outcome = _action(log), log.column(words.OUTCOME)
    columns, values, left = _customer_and_day(log, forms), {}, []
    if action:
        columns["action"] = (reference(action), "likely: by its name")
        values["action"] = _translated(log.profiles[action].values, words.ACTIONS)
        left.append(_must_be("actions of treatment.arms", action, log, ()))
    if outcome:
        columns["outcome"] = (reference(outcome), "likely: by its name")
        values["outcome"] = _translated(log.profiles[outcome].values, words.OUTCOMES)
        if unknown := set(log.profiles[outcome].values) - set(values["outcome"]) - set(words.OUTCOMES):
            left.append(_must_be("outcomes", outcome, log, unknown))
    if (flag := _flag(log)) and (unclear := _unclear(log, flag)):
        left.append(unclear)
    for ours, known in {"by": words.BY, "note": words.NOTE}.items():
        if name := log.column(known):
            columns[ours] = (reference(name), "likely: by its name")
    if number := _number(log):
        columns["contact"] = (reference(number), "likely: another in each row")
    told = " and ".join(f"'{one}'" for one in (action, outcome) if one)
    sure = "likely" if outcome and values["outcome"] else "guess"
    why = f"{sure}: {told} say what the team did to a customer, so it is for `record`, and makes no table"
    return Recorded("contacts", log, why, columns, values=_changed(values), open=tuple(left))


def _opt_outs(log: Log, forms: Forms, *, beside_contacts: bool) -> list[Recorded]:
    flag = _flag(log)
    if not (_says_out(log.sheet.file) or (flag and beside_contacts)):
        return []
    columns = _customer_and_day(log, forms)
    if flag is None:
        why = f"likely: by its name '{log.files}' lists whom nobody may contact, each row one"
        return [Recorded("opt_outs", log, why, columns)]
    if unclear := _unclear(log, flag):
        why = f"guess: each row is one, whatever '{flag}' says"
        return [] if beside_contacts else [Recorded("opt_outs", log, why, columns, open=(unclear,))]
    texts = log.profiles[flag].values
    again = [one for one in texts if one.lower() in words.NO]
    left = f"source.opt_outs: {again} in '{flag}' is left out; map `opted_out` where it means contacts again"
    drop = {"no opt-out": _is_none_of(flag, [one for one in texts if one.lower() in words.YES])}
    why = f"likely: '{flag}' marks whom nobody may contact"
    return [Recorded("opt_outs", log, why, columns, drop=drop, open=(left,) if again and not beside_contacts else ())]


def _flag(log: Log) -> str | None:
    """The column that marks whom nobody may contact."""
    return next((name for name in log.sheet.columns if _says_out(name) and name not in log.days), None)


def _unclear(log: Log, flag: str) -> str:
    """The open point on a flag of which nobody can tell what it says; "" where each text is a yes or a no."""
    said = {one.lower() for one in log.profiles[flag].values}
    if said & words.YES and said <= words.YES | words.NO:
        return ""
    return (
        f"source.opt_outs: which of {sorted(said)[:5]} in '{flag}' ({log.files}) mean that nobody may contact the"
        " customer? Leave the other rows out by `drop`"
    )


def _is_none_of(flag: str, yes: Collection[str]) -> str:
    """The filter of rows that say no; true of empty cells, too."""
    one_by_one = (f"{reference(flag)} IS DISTINCT FROM {literal(text)}" for text in yes)
    return " AND ".join(one_by_one)


def _customer_and_day(log: Log, forms: Forms) -> Columns:
    when = log_days.expression(log.event, forms[log.event])
    return {
        "customer_id": (log_mappings.key(log), "the customer's key by its name"),
        "event_at": (when, "sure: its days"),
    }


def _action(log: Log) -> str | None:
    return log.column(words.ACTION) or log.column(words.CHANNEL)


def _number(log: Log) -> str | None:
    """The column that numbers the rows."""
    rows = sum(one.rows for one in log.sheets)
    there = (name for name in log.sheet.columns if name != log.customer and names.says(name, words.NUMBER))
    return next((name for name in there if log.profiles[name].distinct == rows), None)


def _translated(texts: Collection[str], known: Mapping[str, set[str]]) -> dict[str, str]:
    """Our word for each text that has one."""
    by_text = {text: ours for ours, said in known.items() for text in (ours, *said)}
    plain = {one: one.lower().replace("_", " ").strip() for one in texts}
    return {one: by_text[said] for one, said in plain.items() if said in by_text}


def _changed(values: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The words that are not ours already."""
    changed = {name: {one: ours for one, ours in said.items() if one != ours} for name, said in values.items()}
    return {name: said for name, said in changed.items() if said}


def _must_be(what: str, column: str, log: Log, unknown: Collection[str]) -> str:
    texts = sorted(unknown or log.profiles[column].values)[:5]
    return (
        f"source.contacts: what '{column}' ({log.files}) says, such as {texts}, must be {what}: translate it by"
        " `values`, or leave such rows out by `drop`"
    )


def _stem(log: Log) -> str:
    return log.sheet.file.rsplit(".", 1)[0]


def _says_out(name: str) -> bool:
    said = names.words(name.rsplit(".", 1)[0])
    return bool(set(said) & words.OUT_WORDS) or any(one in "".join(said) for one in words.OUT)
