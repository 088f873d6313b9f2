"""The user's decisions for `new`, from options or asked at the terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from features.errors import UsageError
from features.schema import nearest
from features.section import of_our_time

# The answer that there is no such column.
NO = "none"


@dataclass(frozen=True)
class Said:
    """The options of `new`; None or empty where not given.

    outcome and drop name columns. leave_out are rows to leave out, as COLUMN=VALUE. aggregate are files with several
    rows per customer, to be counted and summed up. randomised declares that the arms were randomised.
    """

    customer_id: str | None = None
    label: str | None = None
    churned: str | None = None
    treatment: str | None = None
    control: str | None = None
    outcome: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    as_of: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    leave_out: tuple[str, ...] = ()
    aggregate: tuple[str, ...] = ()
    kind: str | None = None
    inactive_days: int | None = None
    unmapped: float | None = None
    before_first_day: str | None = None
    days_written: str | None = None
    volume_change: float | None = None
    ended: tuple[str, ...] = ()
    randomised: bool = False


@dataclass(frozen=True)
class Settling:
    """The user's options, and the function that asks at the terminal, None without one."""

    said: Said
    ask: Callable[[str], str] | None = None

    def choice(self, option: str, *, question: str, among: Sequence[str], free: bool = False) -> str:
        """The user's answer, one of `among`, or any where it is free; asked again until it is valid.

        Raises UsageError, which names the option, where there is nobody to ask.
        """
        listed = ", ".join(repr(one) for one in among[:12]) + (", ..." if len(among) > 12 else "")
        if self.ask is None:
            raise UsageError(f"{question} Say {option}{f': one of {listed}' if listed else ''}.")
        while True:
            answer = self.ask(f"{question} [{listed}] ({option}): ").strip()
            if answer in among or (free and answer):
                return answer


def as_day(text: str) -> date:
    """The date in --as-of. Raises UsageError where it is not a plausible date."""
    try:
        return of_our_time(date.fromisoformat(text))
    except ValueError as error:
        raise UsageError(f"--as-of: {text!r} is no plausible date; write it as 2025-07-01.") from error


def check_columns(named: Sequence[str], option: str, there: Sequence[str]) -> None:
    """Raise UsageError, with the nearest names, where an option names a column that does not exist."""
    for name in named:
        if name not in there:
            raise UsageError(f"{option}: there is no column '{name}'; {nearest(name, there)}.")
