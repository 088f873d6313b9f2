"""Links from terms on a page to the glossary: the first mention of each, with its explanation as tooltip."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from pipelines.reporting.terms import GlossaryTerm

# Within these tags a word is part of a name, a link or code, and is not linked.
_CLOSED = ("a", "code", "dt", "h1", "h2", "h3", "nav", "style", "summary", "svg", "title", "data")
_TAG = re.compile(r"(<[^>]+>)")


def explained(page: str, terms: Sequence[GlossaryTerm]) -> str:
    """The page with the first mention of each term linked to the glossary, the explanation as tooltip.

    Terms that are mentioned nowhere are removed from the glossary.
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
        tooltip = escape(f"{one.meaning} {one.chinese[1]}".strip())
        return f'<a class="term" href="#{one.key}" title="{tooltip}">{found[1]}</a>'

    parts = _TAG.split(page)
    for place, part in enumerate(parts):
        if part.startswith("<"):
            name = part.strip("</>").split()[0].rstrip("/") if part.strip("</>") else ""
            closed += 0 if name not in _CLOSED else -1 if part.startswith("</") else 1
        elif not closed:
            parts[place] = words.sub(mention, part)
    return _without(left, "".join(parts))


def _without(keys: Iterable[str], page: str) -> str:
    """The page without the glossary entries of these keys."""
    for key in keys:
        page = re.sub(rf'<dt id="{key}">.*?</dd>\n?', "", page, flags=re.DOTALL)
    return page
