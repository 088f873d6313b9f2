"""`python -m tests.end_to_end.compiled`: compile the code of the checkout, once for all processes and copies of it."""

import compileall

import numpy as np

from experiments.statistics import kernels, poisson

PACKAGES = ("pipelines", "experiments", "features")


def main() -> None:
    """Compile every module, and the loops, which take three seconds, by using each."""
    for package in PACKAGES:
        compileall.compile_dir(package, quiet=1)
    taken = kernels.counts_of(poisson.keys(n_clusters=2, seed=0), 4, poisson.THRESHOLDS)
    customers, values = np.arange(2), np.array([0.0, 1.0])
    bounds, harmonic, rows = np.array([0, 1, 2]), np.zeros(100), np.full(4, 2.0)
    kernels.totals(values[:, None], counts=taken.T, clusters=customers)
    kernels.auc(taken, customers, values, bounds)
    kernels.qini(taken, customers, values, bounds)
    kernels.autoc(taken, customers, values, bounds, harmonic)
    kernels.gain_curves(taken, customers, values, bounds, rows, values)


if __name__ == "__main__":
    main()
