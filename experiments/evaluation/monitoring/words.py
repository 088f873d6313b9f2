"""Figures of a change as people read them: shares in per cent, days, and changes with their sign."""

_NO_BREAK, _MINUS = "\u00a0", "\u2212"


def percent(share: float) -> str:
    """A share in per cent with one decimal."""
    return f"{100 * share:.1f}{_NO_BREAK}%"


def days(number: float) -> str:
    """Whole days."""
    return "1 day" if round(number) == 1 else f"{number:,.0f} days"


def signed(change: float) -> str:
    """A change with one decimal, with a plus or a minus."""
    return f"{change:+.1f}".replace("-", _MINUS)
