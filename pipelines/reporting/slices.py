"""The tables of slices: figures of the model for parts of the customers, each with a small bar of its interval."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

from pipelines.messages.numbers import POINTS, Unit, Written, aligned, count, share, titled, unit_of, written
from pipelines.reporting.judged_figures import covers

Found = Mapping[str, Any]

_OF_ACTIONS = {"ate": "effect (ATE)", "qini": "ranking adds (QINI)"}
LEVEL = 0.95  # all intervals of a column hold at once with this confidence


@dataclass(frozen=True)
class Bar:
    """An interval as a small bar: positions in per cent of the width; reference is the line to compare with."""

    low: float
    value: float
    high: float
    reference: float
    open: bool


@dataclass(frozen=True)
class Cell:
    """A figure of a slice and its bar."""

    figure: Written
    bar: Bar


@dataclass(frozen=True)
class Row:
    """A slice: its name, its counts as text, and its figures; None where there were too few rows for one."""

    name: str
    words: tuple[str, ...]
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class SliceTable:
    """Slices grouped by column, with the headings of counts and figures, and the row of all customers."""

    of_words: tuple[str, ...]
    heads: tuple[str, ...]
    whole: Row
    groups: tuple[tuple[str, tuple[Row, ...]], ...]


@dataclass(frozen=True)
class _Column:
    """A figure of every slice: path is its keys, overall that of all customers, reference the line to compare with."""

    head: str
    path: tuple[str, ...]
    overall: Found
    reference: float
    unit: Unit

    def of(self, slice_: Found) -> Found | None:
        """The figure of a slice; None where there were too few rows for one."""
        figures: Any = slice_
        for name in self.path:
            figures = figures.get(name, {})
        return figures or None

    def cells(self, slices: Sequence[Found]) -> list[Cell | None]:
        """The cells of the overall figure and of each slice, on one scale."""
        of_slices = [self.of(one) for one in slices]
        shown = sum(one is not None for one in of_slices)
        figures = [self.overall, *(at_once(one, shown) if one else None for one in of_slices)]
        bounds = [one[end] for one in figures if one for end in ("low", "high")] + [self.reference]
        low, reach = min(bounds), (max(bounds) - min(bounds)) or 1.0

        def place(value: float) -> float:
            return float(round(4 + 92 * (value - low) / reach, 1))

        def bar(one: Found) -> Bar:
            is_open = self.path[0] == "uplift" and covers(one)
            return Bar(place(one["low"]), place(one["value"]), place(one["high"]), place(self.reference), is_open)

        told = aligned([written(one, self.unit) if one else None for one in figures])
        return [Cell(figure, bar(one)) if one and figure else None for one, figure in zip(figures, told, strict=True)]


def at_once(one: Found, slices: int) -> dict[str, Any]:
    """A figure of a slice with the interval that holds simultaneously with those of the other slices (Bonferroni).

    one has value and standard_error; each interval may miss with probability 5 % divided by the number of slices.
    """
    reach = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * slices)) * one["standard_error"]
    return {**one, "low": one["value"] - reach, "high": one["value"] + reach}


def of_risk(found: Found) -> SliceTable:
    """The figures of the risk by slice; the reference line is the figure of all customers."""
    names = dict.fromkeys(name for one in _all(found) for name in one["risk"])
    columns = [
        _Column(
            head=titled(name),
            path=("risk", name),
            overall=(figure := found["risk"][name]),
            reference=figure["value"],
            unit=unit_of(name, figure, found["spec"]["currency"]),
        )
        for name in names
    ]
    bad = found["spec"]["label"]["bad"]
    is_part = found["cohort"]["untreated_rows"] < found["cohort"]["rows"]
    return _table(found, columns, ("Without action" if is_part else "Observations", bad.capitalize()), _left)


def of_effects(found: Found) -> SliceTable:
    """Every action's effect and ranking by slice; the reference line is 0."""
    columns = [
        _Column(f"{action}: {_OF_ACTIONS[name]}", ("uplift", action, name), effect["figures"][name], 0.0, POINTS)
        for action, effect in found["uplift"]["actions"].items()
        for name in _OF_ACTIONS
    ]
    return _table(found, columns, ("In the trial",), lambda one: (count(one["in_trial"]),))


def _table(
    found: Found, columns: Sequence[_Column], of_words: tuple[str, ...], words: Callable[[Found], tuple[str, ...]]
) -> SliceTable:
    """A table of the columns; words gives the counts of a slice as text, under the headings of_words."""
    slices, cohort = list(_all(found)), found["cohort"]
    cells = list(zip(*_of_one_kind([column.cells(slices) for column in columns], columns), strict=True))
    cells = cells or [()] * (len(slices) + 1)
    every = [{**cohort, "name": "All customers judged"}, *slices]
    rows = [Row(one["name"].removesuffix(".0"), words(one), of_one) for one, of_one in zip(every, cells, strict=True)]
    left = iter(rows[1:])
    groups = [(_dimension(found, name), tuple(next(left) for _ in one)) for name, one in found["slices"].items()]
    heads = tuple(column.head for column in columns)
    return SliceTable(of_words, heads, rows[0], tuple(groups))


def _of_one_kind(told: list[list[Cell | None]], columns: Sequence[_Column]) -> list[list[Cell | None]]:
    """The columns, those of one metric with the same decimals, so that actions can be compared."""
    for name in dict.fromkeys(column.path[-1] for column in columns):
        places = [place for place, column in enumerate(columns) if column.path[-1] == name]
        figures = iter(aligned([cell.figure if cell else None for place in places for cell in told[place]]))
        for place in places:
            told[place] = [
                replace(cell, figure=figure) if cell and figure else None
                for cell, figure in zip(told[place], figures, strict=False)
            ]
    return told


def _all(found: Found) -> Iterable[Found]:
    return (one for slices in found["slices"].values() for one in slices)


def _left(slice_: Found) -> tuple[str, str]:
    """The number of untreated rows of a slice, and their churn rate."""
    left, rows = slice_["churned_share"], slice_["untreated_rows"]
    return count(rows), "–" if left is None else share(left, rows)


def _dimension(found: Found, name: str) -> str:
    column = found["spec"]["evaluation"]["slices"][name]["column"]
    meanings = {one["name"]: one["meaning"] for one in found["importance"]}
    meanings["value"] = f"What a good outcome is worth, {found['spec']['currency'].upper()}"
    return f"{titled(name)}: {meanings.get(column, column)}"
