"""The site: the pages of docs/, and a reference that is written from the code before each build."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import reference  # noqa: E402 - beside this file

reference.write()

project = "Holdfast"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Holdfast"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
