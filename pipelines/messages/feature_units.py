"""Values of features for people: in the unit of the feature, with the digits that somebody would say."""

from pipelines.messages.numbers import NO_BREAK, PERCENT, PLAIN, Unit, money, number, significant

# Units that are no word: "3 contacts in 30 days", not "3 count".
NO_WORD = (None, "count", "ratio", "quintile", "tone")
TIMES = ("days", "hours", "minutes", "months", "weeks", "years", "seconds")
MONEY = ("currency", "eur", "usd", "gbp", "chf", "cny", "jpy")
# From these on, times and shares in per cent are whole, and amounts have no cents.
WHOLE, WHOLE_MONEY = 10, 1000


def unit_of(name: str | None, currency: str) -> Unit:
    """How figures of a feature's unit are written beside that unit."""
    if name == "share":
        return PERCENT
    if name == "currency":
        return money(currency)
    return PLAIN if name in NO_WORD else Unit(after=f"{NO_BREAK}{name}")


def value(one: float, unit: str | None) -> str:
    """A single value, beside a meaning that says the unit: 53, 3.3, 12 %, 70.50, −0.32.

    Times and shares are whole from 10 on, else have one decimal; amounts have two decimals or none. Anything else has
    three significant digits, two below 1.
    """
    if unit == "share":
        return f"{_short(PERCENT.factor * one)}{PERCENT.after}"
    if unit in TIMES:
        return _short(one)
    if unit in MONEY:
        return number(one, 0 if one == int(one) or abs(one) >= WHOLE_MONEY else 2)
    return significant(one, 3 if abs(one) >= 1 else 2)


def _short(one: float) -> str:
    return significant(one, 3, most=0 if abs(one) >= WHOLE else 1)
