"""Reasons in English and Chinese: by theme, what raises a customer's risk, and what an action's effect rests on.

What each column adds to the log-odds, relative to the model's baseline, is added up by theme; named are the themes that
raise the risk most and that somebody can do something about, each with the column that adds most to it. Of an effect,
every theme may be named: it explains an action that was chosen already.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from experiments.metric import Numbers
from features.catalog import all_features
from features.feature import Feature
from pipelines.messages import feature_units

WORDS = Path(__file__).parent / "reason_words.yaml"
# Of a column that no theme has, as in a table without dates.
NO_THEME = "table"
MOST = 3
LANGUAGES = ("en", "zh")
MOST_OF_AN_EFFECT = 2
WHY = tuple(f"why_action_{language}" for language in LANGUAGES)
# A theme adds something beyond rounding.
SOMETHING = 1e-9


def columns(many: int = MOST) -> list[str]:
    """The names of the columns of `reasons`."""
    return [f"reason_{place}_{language}" for place in range(1, many + 1) for language in LANGUAGES]


def reasons(contributions: Numbers, X: Numbers, *, described: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The strongest actionable themes of each row, columns as `columns` names them; "" where fewer raise the risk.

    contributions and X, shape (n_rows, n_columns), are what each encoded column adds to the log-odds, and its value;
    described are the columns as the model's contract has them: name, meaning, type, categories. A column without a
    theme is a theme of its own.
    """
    names, members = _members(described)
    acts = np.array([_acts(name) for name in names], dtype=bool)
    by_theme = np.where(acts, contributions @ members.T, -np.inf)
    order = np.argsort(-by_theme, axis=1, kind="stable")[:, :MOST]
    found: dict[str, list[str]] = {name: [] for name in columns()}
    for row, chosen in enumerate(order):
        for place in range(MOST):
            at = chosen[place] if place < len(chosen) else -1
            texts = ("", "")
            if at >= 0 and by_theme[row, at] > 0:
                own = np.where(members[at], contributions[row], -np.inf)
                texts = _texts(names[at], described[int(own.argmax())], float(X[row, own.argmax()]))
            for language, text in zip(LANGUAGES, texts, strict=True):
                found[f"reason_{place + 1}_{language}"].append(text)
    return pd.DataFrame(found)


def why(parts: Numbers, X: Numbers, *, described: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The themes that raise each row's effect most, columns as WHY; "" where nothing does, or the parts are NaN.

    parts, shape (n_rows, n_columns), are what each column adds to the effect, relative to its baseline; X and described
    as for `reasons`.
    """
    names, members = _members(described)
    by_theme = np.nan_to_num(parts) @ members.T
    order = np.argsort(-by_theme, axis=1, kind="stable")[:, :MOST_OF_AN_EFFECT]
    found = []
    for row, chosen in enumerate(order):
        pairs = []
        for at in chosen[by_theme[row, chosen] > SOMETHING]:
            own = np.where(members[at], parts[row], -np.inf)
            column, value = described[int(own.argmax())], float(X[row, own.argmax()])
            pairs.append(_texts(names[at], column, value, catalogue="effects"))
        english, chinese = zip(*pairs, strict=True) if pairs else ((), ())
        found.append(("; ".join(english), "；".join(chinese)))
    return pd.DataFrame(found, columns=list(WHY), dtype=object)


def _members(described: Sequence[Mapping[str, Any]]) -> tuple[list[str], np.ndarray]:
    """The themes, and which columns each has, shape (n_themes, n_columns)."""
    themes = [_theme(str(column["name"])) for column in described]
    names = list(dict.fromkeys(themes))
    members = np.array([[theme == name for theme in themes] for name in names]).reshape(len(names), len(themes))
    return names, members


def _texts(theme: str, column: Mapping[str, Any], value: float, *, catalogue: str = "themes") -> tuple[str, str]:
    """A reason in English and Chinese: the theme, and the column that says so with its value."""
    shown = _shown(column, value)
    said = words()[catalogue].get(theme)
    english, chinese = column["meaning"].split(";")[0], in_chinese(str(column["name"]))
    if said is None:
        return f"{english}: {shown}", f"{chinese}：{shown}"
    return f"{said['en']} ({english}: {shown})", f"{said['zh']}（{chinese}：{shown}）"


def _shown(column: Mapping[str, Any], value: float) -> str:
    if np.isnan(value):
        return "–"
    if column["type"] == "category":
        return str(column["categories"][int(value)])
    return feature_units.value(value, column.get("unit"))


def in_chinese(name: str) -> str:
    """The meaning of a feature in Chinese; of one that nobody has translated, and of a table's column, its name."""
    found = _definition(name) if name in _features() else None
    if found is None:
        return name
    definition, variant = found
    text = str(words()["features"][definition])
    return text.replace("{days}", re.sub(r"\D", "", variant)).replace("{each}", variant.strip("_").replace("_", " "))


def _definition(name: str) -> tuple[str, str] | None:
    """The definition of a feature, and the variant's part of its name; None where nobody has translated it."""
    known = words()["features"]
    parts = name.split("_")
    for end in range(len(parts), 0, -1):
        if (begin := "_".join(parts[:end])) in known:
            return begin, name[len(begin) :]
    return None


def _theme(name: str) -> str:
    feature = _features().get(name)
    return feature.theme if feature else f"{NO_THEME}: {name}"


def _acts(theme: str) -> bool:
    said = words()["themes"].get(theme)
    return True if said is None else bool(said["acts"])


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The catalogue."""
    found: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def _features() -> dict[str, Feature]:
    return dict(all_features())
