"""Rendering of the page templates, with formatting of figures, links to the glossary, and labelled table cells."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.messages import numbers
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import Catalogue
from pipelines.reporting.explaining import explained
from pipelines.reporting.terms import GlossaryTerm

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = ("count", "counted", "day", "days", "whole", "share", "percent", "dates_in_words")

_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)(?=</\1>)", re.DOTALL)
_SPAN = re.compile(r'colspan="(\d+)"')


def page(name: str, terms: Sequence[GlossaryTerm], *, words: Catalogue | None = None, **parts: Any) -> str:
    """A page from the template of this file name: output is escaped, an undefined variable is an error.

    A page with a catalogue of words says each by `t(KEY)`, or `words.plain(KEY)` where there can be no markup.

    The first mention of each term links to the glossary, and each table cell carries its column's heading, which is
    shown where the screen is too narrow for columns.
    """
    if words is not None:
        parts |= {"words": words, "t": words.marked}
    written = _pages().get_template(name).render(terms=terms, **parts)
    labelled = _TABLE.sub(lambda table: _labelled(table[0]), written)
    return explained(labelled, terms) if terms else labelled


@cache
def _pages() -> Environment:
    """The environment of all templates, which are compiled once."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {one: getattr(numbers, one) for one in FILTERS}
    pages.filters |= {"both": catalogue.shown, "on": catalogue.on, "dates": catalogue.dates, "bounds": catalogue.bounds}
    return pages


def _labelled(table: str) -> str:
    """A table whose cells carry the headings of their columns."""
    head = _HEAD.search(table)
    if head is None:
        return table
    heads = [_text(cell[3]) for cell in _CELL.finditer(head[0])]
    return head[0].join(_ROW.sub(lambda row: _row(row[0], heads), part) for part in table.split(head[0]))


def _row(row: str, heads: Sequence[str]) -> str:
    place = 0

    def cell(found: re.Match[str]) -> str:
        nonlocal place
        tag, attributes, inner = found.groups()
        label = f' data-label="{escape(heads[place])}"' if tag == "td" and place < len(heads) else ""
        span = _SPAN.search(attributes)
        place += int(span[1]) if span else 1
        return f"<{tag}{attributes}{label}>{inner}"

    return _CELL.sub(cell, row)


def _text(markup: str) -> str:
    """The text of a piece of a page, without tags."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", markup).split()))
