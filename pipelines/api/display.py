"""How objects of the API are displayed: a title and named lines, as text and as HTML for notebooks."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from pipelines.ruling import answers

FIGURES = ["value", "low", "high"]


def text(title: str, lines: Mapping[str, str], figures: pd.DataFrame | None = None) -> str:
    """A title, named lines, and the figures with their intervals."""
    parts = [title, *(f"  {line}" for line in (answers.table(lines.items()) if lines else []))]
    if figures is not None and len(figures):
        parts += figures[FIGURES].to_string(float_format="{:.4f}".format).splitlines()
    return "\n".join(parts)


def html(title: str, lines: Mapping[str, str], figures: pd.DataFrame | None = None) -> str:
    """The same as HTML; all texts are escaped."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in lines.items())
    table = "" if figures is None else figures[FIGURES].to_html(float_format="{:.4f}".format)
    return f"<strong>{escape(title)}</strong><table>{rows}</table>{table}"


def shares(in_file: float, stated: float) -> str:
    """Both shares of a balanced file, in words; each in [0, 1]."""
    return (
        f"{100 * in_file:.3g} % of its rows left, {100 * stated:.3g} % of all customers do (label.prior): probabilities"
        " and figures are of all customers"
    )
