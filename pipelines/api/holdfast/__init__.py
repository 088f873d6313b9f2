"""Holdfast for notebooks: `project = holdfast.open("demo")`; docs/api.md shows what there is.

This folder is the package that the build installs under the name `holdfast`; all it names is defined beside it.
"""

import warnings

with warnings.catch_warnings():
    # Optuna draws no bars here, and need not complain of it where a notebook has no ipywidgets.
    warnings.filterwarnings("ignore", "IProgress not found")
    from pipelines.api.projects import Project, open  # noqa: A004 - said as holdfast.open

from features.errors import HoldfastError
from pipelines.api.models import Model
from pipelines.api.reports import Report

__all__ = ["HoldfastError", "Model", "Project", "Report", "open"]
