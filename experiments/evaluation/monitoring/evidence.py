"""The data of a month: columns beside those of training, volumes and ages of tables, figures beside the promised."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.evaluation.monitoring.distribution import Distribution
from experiments.metric import Numbers


@dataclass(frozen=True)
class ColumnSeen:
    """A column today, and in the rows that the champion knows: of training, of its gate cohort, of a year ago.

    A change counts against the nearest of them. singletons is the number of levels that one customer of training alone
    has, customers how many there were.
    """

    name: str
    today: Distribution
    known: Mapping[str, Distribution]
    singletons: int = 0
    customers: int = 0


@dataclass(frozen=True)
class VolumeSeen:
    """The rows of a period, and of the equally long periods before it, oldest first, shape (n_periods,).

    last_year is the place among those before of the same period a year ago, if it is there.
    """

    name: str
    rows: float
    before: Numbers
    last_year: int | None = None


@dataclass(frozen=True)
class AgeSeen:
    """How long ago a table had its newest row, and the distances between its earlier days of rows, shape (n,), days."""

    table: str
    age_days: float
    gaps_days: Numbers


@dataclass(frozen=True)
class MeasuredFigure:
    """A figure and its standard error; of a miscalibration, chance is that error where nothing is off."""

    value: float
    standard_error: float
    chance: float = 0.0


@dataclass(frozen=True)
class Realised:
    """A figure on rows whose outcomes are known now, beside what the gate measured; over names these rows.

    kind is auc, brier, miscalibration or ate; action is the arm of the last one.
    """

    kind: str
    over: str
    promised: MeasuredFigure
    realised: MeasuredFigure
    action: str = ""


@dataclass(frozen=True)
class MonthSeen:
    """All that the kinds of drift are asked about; served is what the service predicted for ready rows."""

    features: tuple[ColumnSeen, ...] = ()
    predictions: tuple[ColumnSeen, ...] = ()
    volumes: tuple[VolumeSeen, ...] = ()
    ages: tuple[AgeSeen, ...] = ()
    realised: tuple[Realised, ...] = field(default=())
    served: tuple[ColumnSeen, ...] = ()
