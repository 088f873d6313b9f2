"""The only module that uses Great Expectations: it checks batches of rows and renders Data Docs of the results."""

import gc
import html
import os
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow as pa

from pipelines.validation import findings
from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand
from pipelines.validation.findings import BrokenExpectation, JudgedBatch

TEMPLATES = Path(__file__).parent
TEMPLATE = "data_docs.html"
SHOWN = 20
MANY_ROWS = 100_000

_DEMAND = "demand"


def _great_expectations(module: str = "") -> ModuleType:
    # Seconds to import, so nobody waits who does not validate; and it must not phone home.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        # Its parser imports sre_constants, which Python deprecates; this may go when it no longer does.
        warnings.simplefilter("ignore", DeprecationWarning)
        # It imports PySpark where that is installed, which warns of pandas 3; we give it no Spark frames.
        warnings.simplefilter("ignore", FutureWarning)
        return import_module(f"great_expectations{module}")


def judge(batch: Batch) -> JudgedBatch:
    """The result of Great Expectations for a batch. Raises RuntimeError when an expectation could not be evaluated."""
    gx = _great_expectations()
    suite = gx.ExpectationSuite(
        name=batch.name,
        expectations=[_expectation(gx, demand, number) for number, demand in enumerate(batch.demands)],
    )
    result = _batch(gx, batch).validate(
        suite, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False}
    )
    result.results.sort(key=_number)
    result.meta = {}  # when and where it ran, which is not of the data
    if batch.rows.num_rows > MANY_ROWS:
        gc.collect()  # the context holds the rows in a circle, and the next batch is on its way
    found = tuple(_findings(batch, result.results))
    return JudgedBatch(batch.name, batch.rows.num_rows, batch.demands, found, result)


def _expectation(gx: ModuleType, demand: Demand, number: int) -> Any:
    where: dict[str, Any] = {}
    if demand.judged_if:
        name, is_there = demand.judged_if
        column = _great_expectations(".expectations.row_conditions").Column(name)
        where["row_condition"] = column.is_null() if is_there == "null" else column.is_not_null()
    return getattr(gx.expectations, demand.kind)(**demand.arguments, **where, meta={_DEMAND: number})


def _batch(gx: ModuleType, batch: Batch) -> Any:
    """The checked columns of a batch, in a context of its own, so that runs stay independent."""
    types = _great_expectations(".data_context.types.base")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = types.ProgressBarsConfig(globally=False)
    names = dict.fromkeys(name for demand in batch.demands for name in demand.judges)
    frame = batch.rows.select(list(names)).to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset(batch.name)
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def _number(result: Any) -> int:
    return int(result.expectation_config.meta[_DEMAND])


def _findings(batch: Batch, results: Sequence[Any]) -> Iterator[BrokenExpectation]:
    for result in results:
        demand = batch.demands[_number(result)]
        if result.success:
            continue
        if "unexpected_index_list" not in result.result:
            raise RuntimeError(f"Great Expectations cannot judge {demand}: {result.exception_info}")
        # Positions, not keys: Great Expectations looks keys up one by one, which takes minutes when a column is broken.
        found = findings.finding(batch, demand, result.result["unexpected_index_list"])
        _name_rows(result.result, found)
        yield found


def _name_rows(result: dict[str, Any], found: BrokenExpectation) -> None:
    """Edit a result so that the Data Docs show the first failing rows by key, with values escaped."""
    shown = found.rows.slice(0, SHOWN).select(["key", "value"]).to_pylist()
    safe = [{name: html.escape(text or "(none)") for name, text in row.items()} for row in shown]
    result["unexpected_index_column_names"] = ["key"]
    result["unexpected_index_list"] = safe
    result["partial_unexpected_list"] = [row["value"] for row in safe]
    result["partial_unexpected_counts"] = [{"value": row["value"], "count": 1} for row in safe]
    for raw in ("unexpected_list", "partial_unexpected_index_list"):
        result.pop(raw, None)


def data_docs(judged: Sequence[JudgedBatch], *, title: str, broken: Sequence[str]) -> str:
    """The Data Docs of all judgements on one page of HTML that needs no network and is the same for equal results.

    broken holds a sentence for each broken expectation, to stand at the top.
    """
    sections: list[Any] = []
    contents: list[dict[str, Any]] = []
    for one in judged:
        contents.append({"name": one.name, "section": len(sections) + 1, "broken": len(one.findings)})
        sections.extend(_sections(one))
    document = _great_expectations(".render").RenderedDocumentContent(sections=sections)
    view = _great_expectations(".render.view").DefaultJinjaPageView(custom_views_directory=str(TEMPLATES))
    return str(view.render(document, template=TEMPLATE, title=title, broken=broken, contents=contents))


def _sections(judged: JudgedBatch) -> list[Any]:
    """The rendering of one result under its name, without the last section, which has the run time."""
    renderer = _great_expectations(".render.renderer.page_renderer").ValidationResultsPageRenderer(run_info_at_end=True)
    *sections, _ = renderer.render(judged.result).sections
    header = sections[0].content_blocks[0]
    header.header.string_template["template"] = judged.name
    header.subheader.string_template["template"] = "${status_title} ${html_success_icon} ${success}"
    return list(sections)
