"""Rows whose position in the file, or whose key, predicts the outcome: the two outcomes came from two sources."""

import re
from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from experiments.leaks.all_columns import MOST_ROWS, out_of_fold_probabilities
from experiments.leaks.boosted import usable
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.single_columns import single_column_auc
from experiments.metric import Numbers
from experiments.statistics.delong import delong

# From the first AUC an order is refused; from the second, when it leads all columns together by more than the third.
ALMOST_ALONE, STRONG, LEAD = 0.90, 0.70, 0.01
# The order is cut into so many stretches of equal length, each scored by the churn rate of its other half.
STRETCHES = 32
DIGITS = re.compile(r"\D*(\d{1,18})")


@check("L012")
def order_predicts(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """Neither the position in the file nor the key, by number or letter, predicts the outcome better than columns do.

    Refused is an order, monotone or cut into 32 stretches of equal length, whose AUC is 0.90, beyond chance; or 0.70
    and more than 0.01 above that of all columns together (logistic regression, out of fold), the whole 95 % interval of
    the lead (DeLong, by customer) above that. A customer counts with its last row.
    """
    last = _last_rows(evidence)
    found: list[LeakFinding] = []
    for subject, words, order in _orders(evidence):
        if not found:
            found += _of(subject, words, order, last=last, evidence=evidence)
    return tuple(found)


def _last_rows(evidence: LeakEvidence) -> np.ndarray:
    """The position of each customer's last row."""
    rows = evidence.training
    order = np.argsort(rows.as_of, kind="stable")[::-1]
    return np.sort(order[np.unique(rows.customers[order].astype(str), return_index=True)[1]])


def _orders(evidence: LeakEvidence) -> Iterator[tuple[str, str, Numbers]]:
    """The orders to examine: the finding's subject, the order in words, and each row's value in it."""
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


def _of(subject: str, words: str, order: Numbers, *, last: np.ndarray, evidence: LeakEvidence) -> Iterator[LeakFinding]:
    y = evidence.training.y[last]
    place = rankdata(order[last], method="ordinal")
    orders = [
        single_column_auc(place, y, category=False),
        single_column_auc((place - 1) * STRETCHES // len(last), y, category=True),
    ]
    best = max(orders, key=lambda one: one.auc)
    if best.auc < STRONG or not best.beyond_chance:
        return
    if best.auc >= ALMOST_ALONE:
        yield _finding(subject, f"{words} alone ranks the outcome with AUC {best.auc:.4f}", best.auc, ALMOST_ALONE)
        return
    score = np.full(len(evidence.training.y), np.nan)
    score[last] = best.score
    scores = np.column_stack([score, out_of_fold_probabilities(usable(evidence), evidence, most=MOST_ROWS)])
    known = ~np.isnan(scores).any(axis=1)
    if min((evidence.training.y[known] == one).sum() for one in (0, 1)) < 2:
        return
    compared = delong(evidence.training.y[known], scores[known])
    lead = compared.difference(0, 1).interval.low
    if lead > LEAD:
        aucs = f"AUC {compared.aucs[0]:.4f}, all columns together with {compared.aucs[1]:.4f}"
        sentence = f"{words} ranks the outcome with {aucs}: a lead of at least {lead:.4f}"
        yield _finding(subject, sentence, lead, LEAD)


def _finding(subject: str, sentence: str, measured: float, allowed: float) -> LeakFinding:
    return LeakFinding(
        subject,
        measured,
        allowed,
        f"rows: {sentence}, up to {allowed:g} is allowed: rows of the two outcomes came from two sources, and whatever"
        " else differs between these predicts the outcome, too. Extract all rows by one query at one time, whatever"
        " their outcome.",
    )
