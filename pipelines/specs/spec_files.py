"""Reading of specs: one YAML file each, fully checked before anything runs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from experiments import checks, families, learners, metrics
from experiments.spec import ExperimentSpec
from features import definitions, labels, sources
from features.errors import MissingError, SpecError
from features.plugins import names
from features.schema import Table
from features.source import Source, SourceOptions
from features.table_options import TableOptions
from pipelines.specs import learner_families, references, spec_text
from pipelines.specs.options import parsed, source_of
from pipelines.workspace import Workspace


def load(workspace: Workspace) -> ExperimentSpec:
    """The churn spec of a workspace.

    Raises MissingError when there is none of that name, SpecError when it is not YAML, has an unknown key or
    value, names a plug-in that does not exist, or is of another kind.
    """
    plain = read(workspace)
    if "kind" in plain:
        raise SpecError(
            f"spec '{workspace.spec}' is of kind {plain['kind']!r}; this is for specs of models of churn, which have"
            " no key 'kind'."
        )
    return checked(plain, workspace)


def read(workspace: Workspace) -> dict[str, Any]:
    """The keys of a spec of any kind, not checked. Raises as `load`."""
    path = workspace.spec_file
    if not path.is_file():
        folder = workspace.specs
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        raise MissingError(f"no spec '{workspace.spec}' in {folder}; there are {known}.")
    plain = spec_text.read(path)
    if plain.get("name", workspace.spec) != workspace.spec:
        raise SpecError(
            f"{path.name}: name: '{plain['name']}' is not the name of the file; a spec is called as its file is, and so"
            " are its models in the registry. Remove the key, or rename the file."
        )
    return plain


def checked(plain: dict[str, Any], workspace: Workspace) -> ExperimentSpec:
    """The churn spec of these keys. Raises as `load`."""
    spec = parsed(ExperimentSpec, {"name": workspace.spec, **plain}, workspace.spec)
    _check_names(spec)
    return spec


def _check_names(spec: ExperimentSpec) -> None:
    """Raise SpecError where a name in the spec does not exist."""
    asked = {
        "source.kind": (sources, [spec.source["kind"]]),
        "label.kind": (labels, [spec.label.kind]),
        "features": (definitions, list(spec.features)),
        "tuning.families": (families, list(spec.tuning.families)),
        "tuning.learners": (learners, list(spec.tuning.learners)),
        "tuning.metric": (metrics, [spec.tuning.metric]),
    }
    for key, (package, wanted) in asked.items():
        if unknown := sorted(set(wanted) - set(names(package))):
            raise SpecError(
                f"spec '{spec.name}': {key}: no {unknown} in {package.__name__}; there are {names(package)}."
            )
    codes = [name.split("_")[0].upper() for name in names(checks)]
    if unknown := sorted(set(spec.checks) - set(codes)):
        raise SpecError(f"spec '{spec.name}': checks: there is no {unknown}; there are {codes}.")
    if spec.treatment:
        learner_families.check(spec)
    if spec.gate.off or spec.gate.parameters or spec.gate.minimum_events_of:
        import_module("pipelines.specs.applicable_rules").check(spec)  # here alone: rules take a while to import
    source, options = source_of(spec)
    _check_label_and_arms(spec, source, options)


def _check_label_and_arms(spec: ExperimentSpec, source: Source, options: SourceOptions) -> None:
    if source.dated != (spec.observations is not None):
        raise SpecError(
            f"spec '{spec.name}': a {source.kind} source {'needs' if source.dated else 'has no'} observations."
        )
    if source.dated:
        _check_window(spec, source.declare(options))
        return
    columns = source.declare(options)["customers"]
    if isinstance(options, TableOptions):
        _check_label(spec, options)
        references.check(spec, references.of_a_table(options))
    declared = set(columns.column("arm").values[1:]) if "arm" in columns.names else set()
    wanted = set(spec.treatment.arms) if spec.treatment else set()
    if declared != wanted:
        raise SpecError(
            f"spec '{spec.name}': treatment.arms {sorted(wanted)} and source.treatment.arms {sorted(declared)} differ:"
            f" unknown arm {sorted(declared ^ wanted)} stands in one of them only."
        )


def _check_window(spec: ExperimentSpec, tables: Mapping[str, Table]) -> None:
    """Raise SpecError where the label's window is empty or its event table is missing from the data."""
    label, where = spec.label, f"spec '{spec.name}': label"
    if not label.horizon_days:
        raise SpecError(f"{where}.horizon_days: it is 0, an empty window; give the number of days.")
    if label.kind == "column":
        raise SpecError(f"{where}.kind: 'column' is of tables without dates; write cancelled or inactive.")
    if label.kind != "inactive":
        return
    if label.table not in tables:
        raise SpecError(f"{where}.table: there is no table '{label.table}'; there are {sorted(tables)}.")
    if label.event is not None and "kind" not in tables[label.table].names:
        raise SpecError(f"{where}.event: table '{label.table}' has no column 'kind'; leave event out.")


def _check_label(spec: ExperimentSpec, options: TableOptions) -> None:
    """Raise SpecError unless the label is one column of that role, with two different values of its own."""
    name, label = spec.label.column, spec.label
    if name not in options.columns:
        raise SpecError(
            f"spec '{spec.name}': label.column: '{name}' is none of source.columns {list(options.columns)}."
        )
    if label.kind != "column":
        raise SpecError(f"spec '{spec.name}': label.kind: a table has no dates, so a column tells: write kind: column.")
    if options.columns[name].role != "label":
        raise SpecError(f"spec '{spec.name}': source.columns.{name}.role: it is label.column; write role: label.")
    if others := [one for one, column in options.columns.items() if column.role == "label" and one != name]:
        raise SpecError(
            f"spec '{spec.name}': source.columns.{others[0]}.role: label.column is '{name}', and there is one label;"
            " give it another role, or take the column out."
        )
    for key in ("churned", "retained"):
        said, values = getattr(label, key), options.columns[name].values
        if said is None or (values and said not in values):
            which = f"one of source.columns.{name}.values, {list(values)}" if values else "a text of that column"
            raise SpecError(f"spec '{spec.name}': label.{key}: it is {said!r} and must be {which}.")
    if label.churned == label.retained:
        raise SpecError(f"spec '{spec.name}': label.retained: '{label.retained}' is label.churned too; they differ.")
