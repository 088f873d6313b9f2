"""Terms explained on a page: each at its first mention, by a link to the glossary with its sentence at hand."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from pipelines.reporting.terms import Term

# Where a word is part of a name, of a link or of code, it is not explained.
_CLOSED = ("a", "code", "dt", "h1", "h2", "h3", "nav", "style", "summary", "svg", "title", "data")
_TAG = re.compile(r"(<[^>]+>)")


def explained(page: str, terms: Sequence[Term]) -> str:
    """The page with the first mention of each term underlined, its sentence at hand and a link to the glossary.

    A term that is mentioned nowhere is no longer in the glossary.
    """
    by_word = {word: one for one in terms for word in (one.name, *one.also)}
    left, closed = {one.key for one in terms}, 0
    words = re.compile(
        r"(?<![\w-])(" + "|".join(map(re.escape, sorted(by_word, key=len, reverse=True))) + r")(?![\w-])"
    )

    def mention(found: re.Match[str]) -> str:
        one = by_word[found[1]]
        if one.key not in left:
            return found[0]
        left.remove(one.key)
        return f'<a class="term" href="#{one.key}" title="{escape(one.meaning)}">{found[1]}</a>'

    parts = _TAG.split(page)
    for place, part in enumerate(parts):
        if part.startswith("<"):
            name = part.strip("</>").split()[0].rstrip("/") if part.strip("</>") else ""
            closed += 0 if name not in _CLOSED else -1 if part.startswith("</") else 1
        elif not closed:
            parts[place] = words.sub(mention, part)
    return _without(left, "".join(parts))


def _without(keys: Iterable[str], page: str) -> str:
    """The page whose glossary lacks the terms of these keys, which nothing on it mentions."""
    for key in keys:
        page = re.sub(rf'<dt id="{key}">.*?</dd>\n?', "", page, flags=re.DOTALL)
    return page
