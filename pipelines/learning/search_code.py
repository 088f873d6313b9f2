"""Hashes of the code that a search depends on: the modules of its plug-ins and all that they import."""

from experiments import families, learners, metrics
from experiments.search.learning_problem import Problem
from pipelines.learning import code_files

# A search takes its rows from the second; other modules of pipelines only read, write and report.
BEGINS = ("experiments.search.tuning", "pipelines.learning.training_data")


def digests(problem: Problem) -> dict[str, str]:
    """SHA-256, 64 hex digits, of each module that a search of the problem runs, by the module's name."""
    used = {families: problem.families, learners: problem.learners, metrics: (problem.metric.name,)}
    plugins = [f"{package.__name__}.{name}" for package, some in used.items() for name in some]
    return code_files.digests([*BEGINS, *plugins])
