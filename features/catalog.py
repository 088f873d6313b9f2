"""Every feature that is defined, found by looking into `features/definitions`."""

from collections.abc import Collection, Mapping

from features import definitions
from features.errors import SpecError
from features.feature import Feature, FeatureDefinition
from features.history import source_of
from features.plugins import discover


def all_features() -> dict[str, Feature]:
    """Every feature by its column's name."""
    found = discover(definitions, FeatureDefinition)
    return {feature.column.name: feature for definition in found.values() for feature in definition.features}


def features_for(themes: Collection[str], tables: Collection[str], *, look_back_days: int) -> tuple[Feature, ...]:
    """The features of the named themes (all where none is named) whose table the data hold.

    One whose window is longer than the look-back is left out: cut short, its values would belie its meaning.

    Raises SpecError for a theme that does not exist.
    """
    every = all_features().values()
    known = {feature.theme for feature in every}
    if unknown := sorted(set(themes) - known):
        raise SpecError(f"no feature theme {unknown}; there are {sorted(known)}.")
    return tuple(
        feature
        for feature in every
        if (not themes or feature.theme in themes)
        and source_of(feature.table) in tables
        and feature.reach <= look_back_days
    )


def by_theme(features: Collection[Feature]) -> Mapping[str, tuple[Feature, ...]]:
    """The features grouped by their theme, in the order of the themes' names."""
    names = sorted({feature.theme for feature in features})
    return {name: tuple(feature for feature in features if feature.theme == name) for name in names}


def by_table(features: Collection[Feature]) -> Mapping[str, list[Feature]]:
    """The features grouped by the table that they aggregate."""
    groups: dict[str, list[Feature]] = {}
    for feature in features:
        groups.setdefault(feature.table, []).append(feature)
    return groups
