"""Check that the canonical tables meet their declarations; later stages do not run on data that fail.

writes: artifacts/SPEC/validation, the result, all bad rows, and pages of Great Expectations in docs/
codes: 5
example: python -m pipelines validate demo
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Protocol

from experiments.sections.treatment import HasTreatment
from experiments.sections.validation import HasValidation
from features.errors import DataError, SpecError
from pipelines.files import storage
from pipelines.matrix.enough_dates import HasDates, check_dates
from pipelines.matrix.reader_dates import check_reader
from pipelines.messages import log
from pipelines.models.text_readers.pinned import Pinned
from pipelines.raw_data import raw_versions
from pipelines.specs.options import Sourced, source_of
from pipelines.validation import batches, expectations, findings, stored, suspicious, volumes
from pipelines.validation.arms import with_arms
from pipelines.validation.batches import Batch
from pipelines.validation.stored import Stored
from pipelines.workspace import Workspace


class Validated(Sourced, HasDates, HasTreatment, HasValidation, Protocol):
    """A spec as far as the stage reads it."""


def run(spec: Validated, workspace: Workspace) -> None:
    """Judge the tables and write the result, the bad rows and the Data Docs, in any case.

    Raises DataError when an expectation is broken or the data reach over too few dates for the spec, MissingError when
    there are no tables, SpecError when the reader of texts knows texts of the gate cohort.
    """
    source, options = source_of(spec)
    tables = stored.tables_of(workspace.tables, with_arms(source.declare(options), spec))
    about = storage.read_json(workspace.tables / "about.json")
    extracted_at = datetime.fromisoformat(about["extracted_at"]) if about["extracted_at"] else None
    with storage.replacing_folder(workspace.validation) as folder:
        with findings.recorder(folder / findings.BAD_ROWS) as record, batches.opened() as connection:
            rows = _batches(connection, tables, extracted_at)
            is_said = source.extracted_at(options) is not None
            compared = _volumes(spec, workspace, tables=tables, extracted_at=extracted_at, is_said=is_said)
            all_batches = log.track(chain(rows, compared), "validate", unit="batch")
            judged = [record(expectations.judge(batch)) for batch in all_batches]
            told = [one for table in tables.values() for one in suspicious.told(connection, table)]
        result = {**findings.summary(judged), "rows": {name: table.total for name, table in tables.items()}}
        result |= {"warnings": told} if told else {}
        storage.write_json(folder / "result.json", result)
        broken = [findings.sentence(one) for one in result["broken"]]
        page = expectations.data_docs(judged, title=f"{spec.name}: validation of the data", broken=broken)
        storage.write_bytes(folder / findings.PAGE, page.encode())
    log.warn("validate", spec.name, told)
    if result["broken"]:
        raise DataError(findings.refusal(result["broken"], workspace.validation.relative_to(workspace.root)))
    if extracted_at:
        check_dates(spec, extracted_at)
        if "reader" in about:
            check_reader(spec, Pinned(**about["reader"]), extracted_at)
    log.done("validate", spec.name, expectations=result["expectations"], rows=sum(result["rows"].values()))


def _batches(connection: Any, tables: Mapping[str, Stored], extracted_at: datetime | None) -> Iterator[Batch]:
    for name, table in tables.items():
        yield batches.of_parts(table)
        yield from batches.of_rows(connection, name, tables=tables, extracted_at=extracted_at)


def _volumes(
    spec: Validated,
    workspace: Workspace,
    *,
    tables: Mapping[str, Stored],
    extracted_at: datetime | None,
    is_said: bool,
) -> Iterator[Batch]:
    before = raw_versions.history(workspace.raw)
    file = spec.source.get("file", "")
    if unknown := sorted(set(spec.validation.ended) - set(tables)):
        raise SpecError(f"spec '{spec.name}': validation.ended names {unknown}; there are {sorted(tables)}.")
    ended = [*spec.validation.ended, *(tables if spec.source.get("received") == "complete" else ())]
    months = volumes.of_months(tables, extracted_at, is_said=is_said, ended=ended)
    found = [*months, *volumes.of_versions(tables, before, file=file)]
    if found:
        yield volumes.batch(found, spec.validation.volume_change)
