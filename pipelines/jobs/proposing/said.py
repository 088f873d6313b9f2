"""Options of the command `new`: parsed from the command line, or from the first line of a spec that it wrote."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from pipelines.jobs.proposing import writing
from pipelines.jobs.proposing.settling import NO, Said

BEGINS = "# python -m pipelines new "
ONE = {
    "customer_id": ("COLUMN", f"the customer's key; '{NO}' where rows have none"),
    "label": ("COLUMN", "the column that says who left"),
    "churned": ("VALUE", "the value of the label for customers who left"),
    "treatment": ("COLUMN", f"the column of the action that was tried; '{NO}' where none was"),
    "control": ("VALUE", "the value of the treatment column for customers without action"),
    "as_of": ("DAY", "the date of extraction of the table: date columns become days until then"),
    "currency": ("CODE", "the currency of all amounts, such as eur"),
    "days_written": ("FORMAT", "the format of dates, such as '%%d/%%m/%%Y', where that is in doubt"),
    "time_zone": ("ZONE", "the time zone of an event log, such as Europe/London"),
}
SEVERAL = {
    "outcome": ("COLUMN", "a number that was measured after the actions"),
    "drop": ("COLUMN", "a column to leave out"),
    "leave_out": ("COLUMN=VALUE", "rows to leave out, such as 'Status=Joined'; 'Status=' means blank"),
    "ended": ("TABLE", "of an event log: a table that gets no new rows any more"),
    "aggregate": ("FILE", "a file with several rows per customer: count them, and sum up their numbers"),
}


def arguments(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, (metavar, meaning) in ONE.items():
        command.add_argument(_flag(name), metavar=metavar, help=meaning)
    for name, (metavar, meaning) in SEVERAL.items():
        command.add_argument(_flag(name), metavar=metavar, action="append", help=f"{meaning}; may be repeated")
    command.add_argument("--kind", choices=("table", "event_log"), help="what the files are, where that is in doubt")
    command.add_argument("--inactive-days", metavar="N", type=_days, help="customers inactive so long have left")
    command.add_argument("--volume-change", metavar="SHARE", type=float, help="how far monthly row counts may change")
    before = "what to do with rows dated before their customer joined"
    command.add_argument("--before-first-day", choices=("set_aside", "earliest"), help=before)
    command.add_argument("--unmapped", metavar="SHARE", type=_share, help="the share of rows that may lack a customer")
    command.add_argument("--randomised", action="store_true", help="the arms were randomised")


def _days(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 36_500:
        raise ValueError(text)
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


def of(arguments: argparse.Namespace, before: Path) -> Said:
    """The options given now and, for those not given, the options in the first line of an earlier proposal."""
    earlier = vars(_earlier(before))
    now = vars(arguments)
    merged: dict[str, Any] = {
        name: now[name] if now[name] not in (None, False, []) else earlier.get(name) for name in _names()
    }
    tuples = {name: tuple(dict.fromkeys(merged[name] or ())) for name in SEVERAL}
    return Said(**{**merged, **tuples, "randomised": bool(merged["randomised"])})


def line(spec: str, files: list[str], said: Said) -> str:
    """The command that reproduces this proposal, without the folders of the files."""
    parts = [spec, *files]
    for name in _names():
        value = getattr(said, name)
        if value in (None, False, ()):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            parts += [_flag(name)] if one is True else [_flag(name), str(one)]
    return writing.plain(BEGINS + " ".join(shlex.quote(part) for part in parts))


def _names() -> list[str]:
    return [*ONE, *SEVERAL, "kind", "inactive_days", "unmapped", "before_first_day", "volume_change", "randomised"]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _earlier(path: Path) -> argparse.Namespace:
    """The options in the first line of a spec; none where it is no such line."""
    if not path.is_file():
        return argparse.Namespace()
    with path.open(encoding="utf-8", errors="replace") as text:
        first = text.readline().rstrip("\n")
    if not first.startswith(BEGINS):
        return argparse.Namespace()
    parser = argparse.ArgumentParser(exit_on_error=False)
    arguments(parser)
    try:
        return parser.parse_known_args(shlex.split(first.removeprefix(BEGINS)))[0]
    except (argparse.ArgumentError, ValueError):  # somebody wrote something else there
        return argparse.Namespace()
