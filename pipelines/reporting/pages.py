"""The templates of the pages, and how figures are written in them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pipelines.messages import numbers

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = ("count", "day", "days", "whole", "share")


def template(name: str) -> Template:
    """A template by its file's name; what it prints is escaped, and what it does not know is an error."""
    return _pages().get_template(name)


@cache
def _pages() -> Environment:
    """All templates; one that was put together is kept."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {one: getattr(numbers, one) for one in FILTERS}
    return pages
