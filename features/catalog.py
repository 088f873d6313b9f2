"""All features, discovered in `features/definitions`."""

from collections.abc import Collection, Mapping

from features import definitions, reserved
from features.errors import HoldfastError, SpecError
from features.feature import Feature, FeatureDefinition
from features.history import source_of
from features.plugins import discover


def all_features() -> dict[str, Feature]:
    """Every feature by column name. Raises HoldfastError for a reserved or duplicated name."""
    found = discover(definitions, FeatureDefinition)
    features = [feature for definition in found.values() for feature in definition.features]
    _check_names(features)
    return {feature.column.name: feature for feature in features}


def _check_names(features: Collection[Feature]) -> None:
    ours, names = reserved.names_for(()), [feature.column.name for feature in features]
    taken = {name: why for name in names if (why := reserved.why_taken(name, ours))}
    taken |= {second: f"'{first}' is there already" for first, second in reserved.alike(names)}
    for feature in features:
        if why := taken.get(feature.column.name):
            where = f"feature '{feature.column.name}' in features/definitions/{feature.theme}.py"
            raise HoldfastError(f"{where}: {why}; rename the function.")


def features_for(themes: Collection[str], tables: Collection[str], *, look_back_days: int) -> tuple[Feature, ...]:
    """The features of the named themes (of all, where none is named) whose table is in the data.

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
