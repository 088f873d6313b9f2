"""Faults of the rows of rounds that would make an effect meaningless, each refused with one sentence."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from experiments.metric import Numbers
from features.errors import DataError

NONE = "none"
PROBABILITY = "p_"
COLUMNS = ("round", "as_of", "customer", "stratum", "action", "risk", "reached", "churned", "value", "cost", "currency")
SUM_TO_ONE = 1e-9


def actions_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """The actions that a frame has a column of probabilities for, in its order."""
    names = (str(name).removeprefix(PROBABILITY) for name in frame if str(name).startswith(PROBABILITY))
    return tuple(name for name in names if name != NONE)


def check(frame: pd.DataFrame) -> None:
    """Raise DataError for the first fault of the rows; `experiments.effects.assigned` says what they must be."""
    needed = (*COLUMNS, "mature", PROBABILITY + NONE)
    if missing := [name for name in needed if name not in frame]:
        raise DataError(f"rows of rounds have no column {missing}; they have {sorted(map(str, frame))}.")
    for found in (_columns(frame), _draws(frame), _outcomes(frame)):
        for fault, sentence in found:
            if np.any(fault):
                row = frame.iloc[int(np.flatnonzero(np.asarray(fault))[0])]
                raise DataError(f"round '{row['round']}', customer '{row['customer']}': {sentence}")


# Which rows have a fault, shape (n_rows,), and the sentence that says so.
Faults = Iterator[tuple[Any, str]]


def _columns(frame: pd.DataFrame) -> Faults:
    """Keys, names and numbers."""
    for name in ("round", "as_of", "customer", "mature", "action", "currency"):
        yield frame[name].isna().to_numpy(), f"{name} is missing."
    keys = frame[["round", "customer"]].astype(str)
    yield keys.duplicated().to_numpy(), "the customer is in the round twice."
    currencies = sorted(frame["currency"].astype(str).unique())
    others = frame["currency"].astype(str) != currencies[0] if currencies else frame["currency"].isna()
    yield others.to_numpy(), f"amounts are in {currencies}; convert them to one currency."
    known = [NONE, *actions_of(frame)]
    yield (~frame["action"].isin(known)).to_numpy(), f"the action is unknown; there are probabilities of {known}."
    for name, highest in (("risk", 1.0), ("value", np.inf), ("cost", np.inf)):
        number = numbers(frame, name)
        fits = np.isfinite(number) & (number >= 0) & (number <= highest)
        yield ~fits, f"{name} is missing, infinite or not in [0, {highest:g}]."


def _draws(frame: pd.DataFrame) -> Faults:
    """The logged probabilities."""
    actions = actions_of(frame)
    shares = np.column_stack([numbers(frame, PROBABILITY + name) for name in (NONE, *actions)])
    logged = np.isfinite(shares)
    some = logged.any(axis=1)
    yield some & ~logged.all(axis=1), "some probabilities are missing; give all of them, or none where none was logged."
    yield some & ((shares < 0) | (shares > 1)).any(axis=1), "a probability is not in [0, 1]."
    off = np.abs(shares.sum(axis=1) - 1.0)
    yield some & (off > SUM_TO_ONE), "the probabilities of none and of the actions do not sum to one."
    place = frame["action"].map({name: index for index, name in enumerate((NONE, *actions))}).to_numpy(dtype=np.intp)
    drawn = shares[np.arange(len(frame)), place]
    yield some & (drawn == 0), "the customer was assigned what had probability 0."


def _outcomes(frame: pd.DataFrame) -> Faults:
    """What followed, and when it was known."""
    churned, reached, mature = numbers(frame, "churned"), numbers(frame, "reached"), numbers(frame, "mature")
    yield ~(np.isnan(churned) | np.isin(churned, (0, 1))), "churned is neither 1, 0 nor missing."
    yield ~(np.isnan(reached) | np.isin(reached, (0, 1))), "reached is neither true, false nor missing."
    yield ~np.isin(mature, (0, 1)), "mature is neither true nor false."
    yield (mature == 1) & np.isnan(churned), "the round is mature, and the outcome is missing."
    for name in ("mature", "as_of"):
        first = frame.groupby("round")[name].transform("first")
        yield (
            (frame[name] != first).to_numpy(),
            f"{name} differs within the round; a round has one date and matures whole.",
        )
    if "churned_at" in frame:
        early = pd.to_datetime(frame["churned_at"], utc=True) < pd.to_datetime(frame["as_of"], utc=True)
        yield early.to_numpy(), "the outcome is dated before the action: who had left already was not to be assigned."


def numbers(frame: pd.DataFrame, name: str) -> Numbers:
    """A column as numbers, shape (n_rows,); missing is NaN. Raises DataError for a text."""
    try:
        found = pd.to_numeric(frame[name], errors="raise").astype("Float64")
        return np.asarray(found.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"rows of rounds: the column '{name}' holds no numbers: {error}.") from error
