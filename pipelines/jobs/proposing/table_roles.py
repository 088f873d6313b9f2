"""The key, label and arm columns of a table: proposed where the names are clear, else asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.errors import UsageError
from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.columns import shown
from pipelines.jobs.proposing.profiles import Profile
from pipelines.jobs.proposing.settling import NO, Settling
from pipelines.jobs.proposing.sheets import Sheet

Profiles = Mapping[str, Profile]
# More values are no label, and no arm.
MOST_OUTCOMES, MOST_ARMS = 20, 20
_YES = {"yes", "y", "1", "1.0", "true", "t", "churned", "churn", "left", "exited", "attrited customer", "leaver"}
_YES |= {"cancelled", "canceled", "lapsed", "ja", "oui", "si", "是", "流失"}


@dataclass(frozen=True)
class Label:
    """The label column, its values for leavers and for stayers, the reason, and whether its name speaks of leaving."""

    column: str
    churned: str
    retained: str
    why: str
    said_by_name: bool


@dataclass(frozen=True)
class Arms:
    """The arm column, the value of the control, the values of the other arms by their names, and the reason."""

    column: str
    control: str
    arms: Mapping[str, str]
    why: str


def key(sheet: Sheet, profiles: Profiles, settling: Settling) -> tuple[str | None, str]:
    """The column of the customer's key and why, or None where there is none.

    Raises UsageError where the column named, or guessed, is not unique in each row.
    """
    said = settling.said.customer_id
    if said == NO:
        return None, "none, as you said: a row's content is its key"
    if said is not None:
        _check_key(sheet, profiles[said], "")
        return said, "you said so"
    candidates = [name for name in sheet.columns if names.is_of_a_customer(name)]
    candidates = candidates or [name for name in sheet.columns if names.is_key(name)]
    unique = [name for name in candidates if _tells_apart(profiles[name])]
    if len(unique) == 1:
        return unique[0], "sure: named like a key, and unique in each row"
    if unique:
        question = f"{sheet.file}: {unique} are each named like a key and unique in each row; which is the customer?"
        return settling.choice("--customer-id", question=question, among=unique), "you said so"
    if candidates:
        _check_key(sheet, profiles[candidates[0]], f", or --customer-id {NO} where rows have no key")
    return None, "likely: no column is named like a key; a row's content is its key"


def _tells_apart(found: Profile) -> bool:
    return found.known == found.rows == found.distinct


def _check_key(sheet: Sheet, found: Profile, or_else: str) -> None:
    if _tells_apart(found):
        return
    if found.missing:
        why = f"is blank in {found.missing:,} of {found.rows:,} rows"
    else:
        text, rows = found.top[0]
        why = f"has {found.distinct:,} values in {found.rows:,} rows, such as {shown(text)} in {rows:,}"
    raise UsageError(
        f"{sheet.file}: '{found.name}' {why}; each customer must have exactly one row. Correct the file, or"
        f" give --customer-id COLUMN{or_else}."
    )


def label(sheet: Sheet, profiles: Profiles, settling: Settling, *, left_out: Sequence[str] = ()) -> Label:
    """The label; left_out are its values whose rows are left out.

    Raises UsageError where it is unclear and nobody can be asked, and where it does not have two values.
    """
    name, why = _label_column(sheet, profiles, settling)
    found = profiles[name]
    values = [text for text in found.values if text not in left_out]
    if found.missing and "" not in left_out:
        raise UsageError(
            f"{sheet.file}: the label '{name}' is blank in {found.missing:,} of {found.rows:,} rows. Say"
            f" --leave-out {name!r}= to leave these rows out, or --label COLUMN."
        )
    if found.distinct > MOST_OUTCOMES or len(values) < 2:
        held = f"one value, {shown(values[0])}" if len(values) == 1 else f"{found.distinct:,} values"
        raise UsageError(
            f"{sheet.file}: the label '{name}' has {held}; it needs two: who left and who stayed. Say --label COLUMN:"
            f" {_two_valued(profiles) or 'no column of the file has two values'}."
        )
    churned, because = _churned(name, values, settling)
    others = [text for text in values if text != churned]
    if len(others) > 1:
        raise UsageError(
            f"{sheet.file}: the label '{name}' has {len(values)} values, {values}; {shown(churned)} means that a"
            f" customer left, and one other that one stayed. Say --leave-out {f'{name}={others[-1]}'!r} (rows of that"
            " value are left out and counted), or make a column of two values."
        )
    return Label(name, churned, others[0], f"{why}; {because}", names.says(name, names.LEAVING))


def _label_column(sheet: Sheet, profiles: Profiles, settling: Settling) -> tuple[str, str]:
    if settling.said.label:
        return settling.said.label, "you said so"
    called = [name for name in sheet.columns if names.says(name, names.LABEL) and profiles[name].distinct <= 3]
    exact = [name for name in called if set(names.words(name)) <= names.LABEL] or called
    if len(exact) == 1:
        return exact[0], "likely: the only column named like a label"
    two = exact or [name for name in sheet.columns if profiles[name].distinct == 2]
    what = f"{exact} are each named like one" if exact else "no column is named like one"
    question = f"{sheet.file}: which column says who left? {what}."
    return settling.choice("--label", question=question, among=two or list(sheet.columns)), "you said so"


def _two_valued(profiles: Profiles) -> str:
    return ", ".join(f"'{name}'" for name, one in profiles.items() if one.distinct == 2)


def _churned(name: str, values: Sequence[str], settling: Settling) -> tuple[str, str]:
    said = settling.said.churned
    if said is not None:
        if said not in values:
            raise UsageError(f"--churned: '{name}' holds no {said!r}; it holds {list(values)}.")
        return said, f"{shown(said)} as you said"
    yes = [text for text in values if text.lower() in _YES]
    if len(yes) == 1 and names.says(name, names.LEAVING):
        return yes[0], f"{shown(yes[0])} by its name"
    question = f"Which value of '{name}' means that a customer left (the bad outcome)?"
    return settling.choice("--churned", question=question, among=values), "the value as you said"


def arms(sheet: Sheet, profiles: Profiles, settling: Settling, *, label: str) -> Arms | None:
    """The arms of a trial, where there was one; for a column named like an arm the user is always asked."""
    name = settling.said.treatment
    if name == NO:
        return None
    if name is None:
        called = [
            one
            for one in sheet.columns
            if one != label and names.says(one, names.ARM) and 2 <= profiles[one].distinct <= MOST_ARMS
        ]
        called = [one for one in called if one not in settling.said.drop]
        if not called:
            return None
        question = f"{sheet.file}: {called} are named like an action that was tried on customers; is one?"
        name = settling.choice("--treatment", question=question, among=[*called, NO])
        if name == NO:
            return None
    found = profiles[name]
    if not 2 <= found.distinct <= MOST_ARMS or found.missing:
        raise UsageError(
            f"--treatment: '{name}' has {found.distinct:,} values and is blank in {found.missing:,} rows; arms are two"
            f" to {MOST_ARMS}, and every row has one."
        )
    control, why = _control(name, found.values, settling)
    others = [text for text in found.values if text != control]
    return Arms(name, control, _named(name, others), why)


def _control(name: str, values: Sequence[str], settling: Settling) -> tuple[str, str]:
    said = settling.said.control
    if said is not None:
        if said not in values:
            raise UsageError(f"--control: '{name}' holds no {said!r}; it holds {list(values)}.")
        return said, "you said so"
    idle = [text for text in values if set(names.words(text)) & set(names.NO_ACTION)]
    if len(idle) == 1:
        return idle[0], f"likely: {shown(idle[0])} is the control by its name"
    question = f"Which value of '{name}' means that nothing was done (the control)?"
    return settling.choice("--control", question=question, among=values), "you said so"


def _named(column: str, texts: Sequence[str]) -> dict[str, str]:
    """Names of arms: the text's own words in small letters; yes and 1 are called like the column."""
    found: dict[str, str] = {}
    for number, text in enumerate(sorted(texts), start=1):
        said = "_".join(names.words(text))
        if len(texts) == 1 and text.lower() in _YES:
            said = "_".join(names.words(column))
        if not said or said in found or said in names.NO_ACTION or len(said) > 60:
            said = f"action_{number}"
        found[said] = text
    return found
