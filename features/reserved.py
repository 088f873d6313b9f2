"""Reserved column names, which a user's columns must not have.

DuckDB does not tell capital from small letters, so neither do names here.
"""

from collections.abc import Collection, Iterator, Mapping

from features.tables import CONTROL, LEFT_IN_GAP, PLACE

# Columns of the table `customers`, which also holds the label: known_at and event_at would give it dates.
OF_THE_TABLE: Mapping[str, str] = {
    "customer_id": "the customer",
    "arm": "the arm that the customer was given",
    "probability": "the probability of that arm",
    "stratum": "the stratum within which the arm was drawn",
    "event_at": "when something happened",
    "known_at": "when it became known",
}
# Columns that stand beside the features, in the matrix or in what models said of it.
BESIDE_FEATURES: Mapping[str, str] = {
    "as_of": "the observation date",
    "churned": "the label",
    LEFT_IN_GAP: "whether the customer left before the window opened",
    PLACE: "the place of a customer among all who are observed",
    "value": "what a good outcome is worth",
    "row": "the hash of a row",
    "churn_score": "what a model says",
    "churn_probability": "what a model says",
}
# What helper columns begin with, and what the one ends with that holds texts that could not be read.
HELPER, UNREADABLE = "__", "__unreadable"
# What the list says where there is no action to name.
NO_ACTIONS = (CONTROL, "none", "not measured", "no claim", "not established")


def plain(name: str) -> str:
    """The name as DuckDB compares it: case-insensitive for A to Z only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def names_for(arms: Collection[str]) -> dict[str, str]:
    """Every reserved name with its meaning, given the arms beside the control."""
    of_arms = {f"{kind}_{arm}": "what a model says" for kind in ("uplift", "mu") for arm in (CONTROL, *arms)}
    return {**OF_THE_TABLE, **BESIDE_FEATURES, **of_arms}


def why_taken(name: str, ours: Mapping[str, str]) -> str | None:
    """Why a name is reserved, as part of a sentence; None where it is free."""
    known = {plain(one): (one, meaning) for one, meaning in ours.items()}
    if plain(name) in known:
        return "'{}' is a reserved name: {}".format(*known[plain(name)])
    if plain(name).startswith(HELPER) or plain(name).endswith(UNREADABLE):
        return f"names that begin with '{HELPER}' or end with '{UNREADABLE}' are ours"
    return None if name.strip() else "a column needs a name"


def alike(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each name that equals an earlier one up to case, with that one."""
    seen: dict[str, str] = {}
    for name in names:
        if plain(name) in seen:
            yield seen[plain(name)], name
        seen.setdefault(plain(name), name)


def free_name(name: str, taken: Collection[str]) -> str:
    """A similar name that is not reserved: the same letters with a prefix."""
    found = f"own_{name.strip().strip('_') or 'column'}"
    found = found[: -len(UNREADABLE)] if plain(found).endswith(UNREADABLE) else found
    while plain(found) in {plain(one) for one in taken}:
        found = f"{found}_2"
    return found
