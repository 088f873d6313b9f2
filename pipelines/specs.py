"""Reads specs: one YAML file each, checked whole before anything runs."""

from datetime import date
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from experiments import checks, families, learners, metrics
from experiments.spec import ExperimentSpec
from features import definitions, labels, sources
from features.errors import MissingError, SpecError
from features.plugins import names, plugin
from features.source import Source, SourceOptions
from features.table_options import TableOptions
from pipelines import references
from pipelines.workspace import Workspace

Options = TypeVar("Options", bound=BaseModel)


def load(workspace: Workspace) -> ExperimentSpec:
    """The spec of a workspace.

    Raises MissingError when there is none of that name, SpecError when it is not YAML, has an unknown key or
    value, or names a plug-in that does not exist.
    """
    path = workspace.spec_file
    if not path.is_file():
        folder = workspace.specs
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        raise MissingError(f"no spec '{workspace.spec}' in {folder}; there are {known}.")
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        raise SpecError(f"{path.name} is not YAML{_place(error)}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(plain, dict):
        raise SpecError(f"spec '{workspace.spec}' is empty; it needs keys such as source and label.")
    _refuse_bare_dates(plain, workspace.spec)
    if plain.get("name", workspace.spec) != workspace.spec:
        raise SpecError(
            f"{path.name}: name: '{plain['name']}' is not the name of the file; a spec is called as its file is, and so"
            " are its models in the registry. Remove the key, or rename the file."
        )
    spec = _parse(ExperimentSpec, {"name": workspace.spec, **plain}, workspace.spec)
    _check_names(spec)
    return spec


def _place(error: yaml.MarkedYAMLError) -> str:
    """Where the YAML breaks, what is wrong there, and where the part that breaks began."""
    at, since = error.problem_mark, error.context_mark
    where = f" at line {at.line + 1}, column {at.column + 1}" if at else ""
    began = f" (it began at line {since.line + 1}; perhaps a quote or a bracket is open)" if since else ""
    return f"{where}: {error.problem}{began}."


def _refuse_bare_dates(plain: Any, spec: str) -> None:
    """DVC cannot store a YAML date among a stage's parameters, so dates are texts."""
    if isinstance(plain, date):
        raise SpecError(f"spec '{spec}': write the date {plain} in quotes, for DVC's sake.")
    for value in plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ():
        _refuse_bare_dates(value, spec)


def source_of(spec: ExperimentSpec) -> tuple[Source, Any]:
    """The source that a spec names, and its options. Raises SpecError when either is wrong."""
    found = plugin(sources, spec.source["kind"], Source)
    return found, _parse(found.options, spec.source, spec.name, "source")


def _parse(kind: type[Options], plain: dict[str, Any], spec: str, *section: str) -> Options:
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        told = "; ".join(_sentence(fault, section) for fault in error.errors())
        raise SpecError(f"spec '{spec}': {told}.") from error


def _sentence(fault: Any, section: tuple[str, ...]) -> str:
    """What is wrong, after the path of the key; what speaks of several keys names them itself."""
    place = ".".join(str(part) for part in (*section, *fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"unknown key '{place}', remove or correct it"
    if fault["type"] == "missing":
        return f"'{place}' is missing, write it, if only as {{}} or null"
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if fault["loc"] else said


def _check_names(spec: ExperimentSpec) -> None:
    """Whatever the spec names must exist; known before the first minute of work is spent."""
    asked = {
        sources: [spec.source["kind"]],
        labels: [spec.label.kind],
        definitions: list(spec.features),
        families: list(spec.tuning.families),
        learners: list(spec.tuning.learners),
        metrics: [spec.tuning.metric],
    }
    for package, wanted in asked.items():
        if unknown := sorted(set(wanted) - set(names(package))):
            raise SpecError(f"spec '{spec.name}': no {unknown} in {package.__name__}; there are {names(package)}.")
    codes = [name.split("_")[0].upper() for name in names(checks)]
    if unknown := sorted(set(spec.checks) - set(codes)):
        raise SpecError(f"spec '{spec.name}': checks: there is no {unknown}; there are {codes}.")
    source, options = source_of(spec)
    _check_label_and_arms(spec, source, options)


def _check_label_and_arms(spec: ExperimentSpec, source: Source, options: SourceOptions) -> None:
    if source.dated != (spec.observations is not None):
        raise SpecError(
            f"spec '{spec.name}': a {source.kind} source {'needs' if source.dated else 'has no'} observations."
        )
    if source.dated:
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


def _check_label(spec: ExperimentSpec, options: TableOptions) -> None:
    """The label is one column, of that role, and the two values that it may have are different ones of its values."""
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
            which = f"one of {list(values)}" if values else "a text of that column"
            raise SpecError(f"spec '{spec.name}': label.{key}: it is {said!r} and must be {which}.")
    if label.churned == label.retained:
        raise SpecError(f"spec '{spec.name}': label.retained: '{label.retained}' is label.churned too; they differ.")
