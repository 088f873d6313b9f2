"""Holdfast for notebooks: `project = holdfast.open("demo")`; docs/api.md shows what there is.

This folder is the package that the build installs under the name `holdfast`; all it names is defined beside it.
"""

from features.errors import HoldfastError
from pipelines.api.champions import Champion
from pipelines.api.models import Model
from pipelines.api.projects import Project, open  # noqa: A004 - said as holdfast.open
from pipelines.api.reports import Report

__all__ = ["Champion", "HoldfastError", "Model", "Project", "Report", "open"]
