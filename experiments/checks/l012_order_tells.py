"""Rows whose place in the file, or whose key, tells the outcome: either outcome was put there by itself."""

import re
from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from experiments.leaks.all_columns import MOST_ROWS, together
from experiments.leaks.boosted import usable
from experiments.leaks.check import Evidence, Finding, check
from experiments.leaks.single_columns import alone
from experiments.metric import Numbers
from experiments.statistics.delong import delong

# From which AUC of the order it is refused, and by how much it may then be better than all columns together.
ALMOST_ALONE, STRONG, LEAD = 0.90, 0.70, 0.01
# The order is cut into so many stretches of equal length, each by how often its other half churned.
STRETCHES = 32
DIGITS = re.compile(r"\D*(\d{1,18})")


@check("L012")
def order_tells(evidence: Evidence) -> tuple[Finding, ...]:
    """Neither a row's place in the file nor its key, by number or by letter, tells the outcome better than columns do.

    Refused is an order, rising or cut into 32 stretches of equal length, whose AUC is 0.90, beyond chance; or 0.70 and
    more than 0.01 above that of all columns together (a logistic regression, judged on the folds), the whole 95 %
    interval of the lead (DeLong, by customer) above that. A customer counts with its last row.
    """
    last = _last_rows(evidence)
    found: list[Finding] = []
    for subject, words, order in _orders(evidence):
        if not found:
            found += _of(subject, words, order, last=last, evidence=evidence)
    return tuple(found)


def _last_rows(evidence: Evidence) -> np.ndarray:
    """The places of each customer's last row."""
    rows = evidence.training
    order = np.argsort(rows.as_of, kind="stable")[::-1]
    return np.sort(order[np.unique(rows.customers[order].astype(str), return_index=True)[1]])


def _orders(evidence: Evidence) -> Iterator[tuple[str, str, Numbers]]:
    """What the rows may be ordered by: its subject, its name in words, and the place of each row."""
    if evidence.places is not None:
        yield "row order", "the place of a row in the file", evidence.places.astype(np.float64)
    texts = evidence.training.customers.astype(str)
    numbers = [DIGITS.fullmatch(text) for text in np.unique(texts)]
    if all(numbers):
        values = np.array([float(one[1]) for one in numbers if one])
        yield "customer_id", "the number in the key (customer_id)", values[np.unique(texts, return_inverse=True)[1]]
    yield "customer_id", "the key (customer_id) in the order of its letters", _by_letter(texts)


def _by_letter(texts: np.ndarray) -> Numbers:
    return np.unique(texts, return_inverse=True)[1].astype(np.float64)


def _of(subject: str, words: str, order: Numbers, *, last: np.ndarray, evidence: Evidence) -> Iterator[Finding]:
    y = evidence.training.y[last]
    place = rankdata(order[last], method="ordinal")
    told = [alone(place, y, category=False), alone((place - 1) * STRETCHES // len(last), y, category=True)]
    best = max(told, key=lambda one: one.auc)
    if best.auc < STRONG or not best.beyond_chance:
        return
    if best.auc >= ALMOST_ALONE:
        yield _finding(subject, f"{words} alone ranks the outcome with AUC {best.auc:.4f}", best.auc, ALMOST_ALONE)
        return
    score = np.full(len(evidence.training.y), np.nan)
    score[last] = best.score
    scores = np.column_stack([score, together(usable(evidence), evidence, most=MOST_ROWS)])
    known = ~np.isnan(scores).any(axis=1)
    if min((evidence.training.y[known] == one).sum() for one in (0, 1)) < 2:
        return
    compared = delong(evidence.training.y[known], scores[known])
    lead = compared.difference(0, 1).interval.low
    if lead > LEAD:
        aucs = f"AUC {compared.aucs[0]:.4f}, all columns together with {compared.aucs[1]:.4f}"
        said = f"{words} ranks the outcome with {aucs}: a lead of at least {lead:.4f}"
        yield _finding(subject, said, lead, LEAD)


def _finding(subject: str, said: str, measured: float, allowed: float) -> Finding:
    return Finding(
        subject,
        measured,
        allowed,
        f"rows: {said}, up to {allowed:g} is allowed: the two outcomes were put together from two places, and what else"
        " differs between these tells it, too. Draw all rows by one query at one time, whatever became of them.",
    )
