"""Linear models of a number, such as an effect."""

import numpy as np

from pipelines.models.scorers.models import KINDS
from pipelines.models.scorers.reading import Numbers, Plain


class Linear:
    """A linear predictor whose terms are added in order, so that the batch size changes no bit.

    The terms of a number are itself standardised, its hinges and if it is missing; the one of a category is the
    coefficient of its value, 0 if missing.
    """

    def __init__(self, plain: Plain, _texts: list[str]) -> None:
        self.intercept, self.centres = plain["intercept"], np.array(plain["centres"], dtype=float)
        found: dict[str, list[tuple[int, int, float]]] = {"code": [], "standard": [], "hinge": [], "missing": []}
        self.columns: list[int] = []
        coefficients: list[float] = []
        tables: list[float] = []
        rest = list(plain["coefficients"])
        for column, terms in enumerate(plain["terms"]):
            n_categories, knots = terms["n_categories"], [float(knot) for knot in terms["knots"]]
            own, rest = rest[: n_categories or len(knots) + 2], rest[n_categories or len(knots) + 2 :]
            hinges = [("hinge", knot) for knot in knots]
            kinds = [("code", float(len(tables)))] if n_categories else [("standard", 0.0), *hinges, ("missing", 0.0)]
            coefficients += [1.0] if n_categories else own
            tables += [*own, 0.0] if n_categories else []
            for kind, value in kinds:
                found[kind].append((len(self.columns), column, value))
                self.columns.append(column)
        self.coefficients, self.tables = np.array(coefficients, dtype=float), np.array(tables, dtype=float)
        self.places = {
            kind: np.array([term[:2] for term in each], int).reshape(-1, 2).T for kind, each in found.items()
        }
        self.values = {kind: np.array([term[2] for term in each]) for kind, each in found.items()}
        self.medians = np.array([terms["median"] or 0.0 for terms in plain["terms"]], dtype=float)
        self.scales = np.array([terms["scale"] or 1.0 for terms in plain["terms"]], dtype=float)
        self.n_categories = np.array([terms["n_categories"] for terms in plain["terms"]], dtype=float)

    def weighted(self, X: Numbers) -> Numbers:
        """Every term times its coefficient, shape (n_rows, n_terms)."""
        found, missing = np.empty((len(X), len(self.columns))), np.isnan(X)
        standard = (np.where(missing, self.medians, X) - self.medians) / self.scales
        at = {kind: places[0] for kind, places in self.places.items()}
        of = {kind: places[1] for kind, places in self.places.items()}
        codes, sizes = X[:, of["code"]], self.n_categories[of["code"]]
        known = np.where((codes >= 0) & (codes < sizes) & (codes % 1 == 0), codes, sizes)
        found[:, at["code"]] = self.tables[(known + self.values["code"]).astype(int)]
        found[:, at["standard"]] = standard[:, of["standard"]]
        found[:, at["hinge"]] = np.maximum(standard[:, of["hinge"]] - self.values["hinge"], 0.0)
        found[:, at["missing"]] = missing[:, of["missing"]]
        return np.asarray(found * self.coefficients)

    def predict(self, X: Numbers) -> Numbers:
        """The sum."""
        terms = np.column_stack([np.full(len(X), self.intercept), self.weighted(X)])
        total: Numbers = np.cumsum(terms, axis=1)[:, -1]
        return np.ascontiguousarray(total)

    def contributions(self, X: Numbers) -> Numbers:
        """Each column's part of the sum, less its mean over the training rows; last, the sum of these means."""
        found, weighted = np.zeros(X.shape), self.weighted(X)
        for term, column in enumerate(self.columns):
            found[:, column] += weighted[:, term]
        baseline = np.full(len(X), self.intercept + self.centres.sum())
        return np.column_stack([found - self.centres, baseline])


KINDS["linear"] = Linear
