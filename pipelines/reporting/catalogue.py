"""Texts of pages in English and Chinese, from one YAML file a page: each has a key, and {names} that are filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from markupsafe import Markup, escape

from pipelines.messages import numbers
from pipelines.reporting.terms import GlossaryTerm

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")
Both = tuple[str, str]
# Of texts that figures hold, of which a page is given the English only.
SAID = "said_"
_NAME = re.compile(r"\{(\w+)\}")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True)
class Catalogue:
    """The texts of a page by key; of each key the text by language."""

    texts: Mapping[str, Mapping[str, str]]

    def both(self, key: str, /, **filled: object) -> Both:
        """A text in English and Chinese; a pair is filled in by language, anything else into both.

        Raises KeyError for a key that there is not, or a name that nothing fills.
        """
        found = self.texts[key]
        english, chinese = (
            found[language].format(**{name: _of(one, at) for name, one in filled.items()})
            for at, language in enumerate(LANGUAGES)
        )
        return english, chinese

    def english(self, key: str, /, **filled: object) -> str:
        """The text said_KEY in English, as figures and the terminal have it; `translated` finds its Chinese again."""
        return self.both(SAID + key, **filled)[0]

    def plain(self, key: str, /, **filled: object) -> str:
        """Both languages in one line, for where there can be no markup."""
        return " ".join(self.both(key, **filled))

    def marked(self, key: str, /, **filled: object) -> Markup:
        """Both languages for a page, escaped but for what is marked already."""
        found = self.texts[key]
        parts = [
            escape(found[language]).format(**{name: _of(one, at) for name, one in filled.items()})
            for at, language in enumerate(LANGUAGES)
        ]
        return shown((parts[0], parts[1]))

    def translated(self, english: str) -> Both:
        """A text that figures hold in English, with its Chinese by the text said_KEY that it is, and dates in words.

        What none of them is, such as what somebody named, stays as it is in both.
        """
        for key, pattern in _patterns(self):
            if found := pattern.fullmatch(english):
                return self.both(key, **{name: in_words(one) for name, one in found.groupdict().items()})
        return in_words(english)

    def named(self, prefix: str, name: str) -> Both:
        """What a word of the figures is called, by the key PREFIX_WORD; a name that has none is its own."""
        key = f"{prefix}_{name.replace(' ', '_').replace('-', '_')}"
        return self.both(key) if key in self.texts else (name, name)

    def term(self, key: str, *also: str, **filled: object) -> GlossaryTerm:
        """The entry of the glossary whose name is the text KEY, and whose meaning KEY_means."""
        (name, in_chinese), (meaning, chinese) = self.both(key), self.both(f"{key}_means", **filled)
        return GlossaryTerm(name, meaning, also, chinese=(in_chinese, chinese))


def shown(pair: Both) -> Markup:
    """A pair on a page: the English text, and the Chinese one marked as such where it is another."""
    if pair[0] == pair[1]:
        return escape(pair[0])
    return Markup('{} <span lang="zh">{}</span>').format(*pair)


def on(text: str) -> Both:
    """An ISO date in words: 3 March 2026, 2026年3月3日."""
    moment = date.fromisoformat(text[:10])
    return numbers.day(text), f"{moment.year}年{moment.month}月{moment.day}日"


def in_words(text: str) -> Both:
    """A text whose ISO dates are in words, for either language."""
    return numbers.dates_in_words(text), _DATE.sub(lambda one: on(one[0])[1], text)


def dates(texts: list[str]) -> Both:
    """Some ISO dates in words: one or two by name, of more how many from the first to the last."""
    if not texts:
        return "none", "无"
    first, last = on(texts[0])[1], on(texts[-1])[1]
    chinese = first if len(texts) == 1 else f"{first}和{last}"
    return numbers.days(texts), chinese if len(texts) < 3 else f"{first}至{last}的{len(texts)}个日期"


def bounds(one: numbers.Written) -> str:
    """The interval of a figure without a word of either language: [1.2, 3.4]."""
    return f"[{one.range.replace(' to ', ', ')}]"


@cache
def of_page(name: str) -> Catalogue:
    """The catalogue of a page, from NAME_words.yaml; a percent sign stays on the line of its number."""
    text = (FOLDER / f"{name}_words.yaml").read_text(encoding="utf-8")
    return Catalogue(yaml.safe_load(text.replace(" %", f"{numbers.NO_BREAK}%")))


def _of(one: object, at: int) -> object:
    return one[at] if isinstance(one, tuple) else one


def _patterns(of: Catalogue) -> list[tuple[str, re.Pattern[str]]]:
    """How the English text of each said_KEY looks once filled in; the one that says most itself first."""
    found = []
    for key, text in of.texts.items():
        if not key.startswith(SAID):
            continue
        parts = _NAME.split(text["en"])
        pattern = "".join(f"(?P<{one}>.+?)" if at % 2 else re.escape(one) for at, one in enumerate(parts))
        found.append((-sum(map(len, parts[::2])), key, re.compile(pattern, re.DOTALL)))
    return [(key, pattern) for _, key, pattern in sorted(found, key=lambda one: one[:2])]
