"""Batches as Arrow streams get the answers of JSON, and a stream that is none is refused."""

from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc

from pipelines.jobs.service.web import arrow_stream
from pipelines.jobs.service.web.errors import BadRequest, TooLarge
from tests.pipelines.jobs.service.web.running import Running, running

ARROW = "application/vnd.apache.arrow.stream"
COLUMNS: dict[str, list[Any]] = {"tenure": [0.0, 3.0, None, 9.0], "plan": ["basic", None, "large", "other"]}


def stream(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return bytes(sink.getvalue())


def test_a_stream_gets_the_answers_of_json(service: Running) -> None:
    table = pa.table(COLUMNS)
    found = service.ask("POST", "/score?spec=demo&reasons=1", stream(table), Content_Type=ARROW)
    assert (found.status, found.headers["content-type"], found.headers["x-version"]) == (200, ARROW, "7")
    answered = ipc.open_stream(found.body).read_all().to_pandas()
    of_json = service.ask("POST", "/score", {"rows": table.to_pylist(), "reasons": 1}).plain["predictions"]
    columns = ["churn_score", "churn_probability"]
    assert answered[columns].astype(object).where(answered[columns].notna(), None).to_dict("records") == [
        {name: one[name] for name in columns} for one in of_json
    ]


def test_a_column_of_a_dictionary_is_read(service: Running) -> None:
    table = pa.table({"tenure": COLUMNS["tenure"], "plan": pa.array(COLUMNS["plan"]).dictionary_encode()})
    assert service.ask("POST", "/score", stream(table), Content_Type=ARROW).status == 200


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_compressed_stream_is_refused(compression: str) -> None:
    zeros = pa.table({"tenure": pa.array([0.0] * 1000)})
    coded = pa.table({"plan": pa.array(["x" * 1000] * 100).dictionary_encode()})
    for table in (zeros, coded):
        with pytest.raises(BadRequest, match="compress"):
            arrow_stream.read(stream(table, compression=compression), most=10**6)
        assert len(arrow_stream.read(stream(table), most=10**6)) == len(table)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": [[1], [2]]}),
        pa.table({"a": [{"b": 1}]}),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
        pa.table({"a": [[[1]]]}),
    ],
    ids=["lists", "structs", "a name twice", "lists of lists"],
)
def test_columns_of_more_than_a_value_a_row_are_refused(table: pa.Table) -> None:
    with pytest.raises(BadRequest, match="columns"):
        arrow_stream.read(stream(table), most=10)


def test_a_stream_has_a_most_of_rows_and_of_bytes() -> None:
    body = stream(pa.table(COLUMNS))
    with pytest.raises(TooLarge):
        arrow_stream.read(body, most=3)
    with running(arrow_bytes=len(body) - 1) as service:
        assert service.ask("POST", "/score", body, Content_Type=ARROW).status == 413


@given(st.data())
def test_a_broken_stream_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(stream(pa.table(COLUMNS)))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    kept = bytes(body[: data.draw(st.integers(0, len(body)))])
    with suppress(BadRequest, TooLarge):
        assert len(arrow_stream.read(kept, most=100)) <= 100


def test_bytes_that_are_no_stream_are_refused(service: Running) -> None:
    for body in (b"", b"{}", b"\xff" * 100, b"\xff\xff\xff\xff\x00\x00\x00\x00"):
        assert service.ask("POST", "/score", body, Content_Type=ARROW).status == 400
