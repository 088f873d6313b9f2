"""What cannot be read is refused with one sentence of the one shape, and never with a 500."""

import json
from urllib.parse import quote

import pytest

from tests.pipelines.jobs.service.web.running import ROW, Running

TWICE = b'{"rows": [{"tenure": 1, "tenure": 2}]}'
UNREADABLE = {
    "malformed": b'{"rows": [',
    "empty": b"",
    "not a number": b'{"rows": [{"tenure": NaN}]}',
    "infinite": b'{"rows": [{"tenure": Infinity}]}',
    "infinite by its exponent": b'{"rows": [{"tenure": 1e999}]}',
    "a name twice": TWICE,
    "a name twice far within": b'{"rows": [{"tenure": {"a": [{"b": 1, "b": 1}]}}]}',
    "a name twice, and quotes with colons in a text": rb'{"rows" :[{"a":"\":","b":1,"b":2}]}',
    "a name twice, spelt with an escape": rb'{"rows":[{"a":1,"\u0061":2}]}',
    "a float's place for a whole number": b'{"rows":[{"tenure":18446744073709551616}]}',
    "deep": b"[" * 1000 + b"]" * 1000,
    "deeper": b"[" * 100_000 + b"]" * 100_000,
    "beyond 64 bits": b'{"rows": [{"tenure": 9223372036854775808}]}',
    "thousands of digits": b'{"rows": [{"tenure": -' + b"9" * 300 + b"}]}",
    "a lone surrogate": rb'{"rows": [{"plan": "\ud800"}]}',
    "a NUL": rb'{"rows": [{"plan": "a\u0000b"}]}',
    "a NUL in a name": rb'{"rows": [{"\u0000": 1}]}',
    "a bare control character": b'{"rows": [{"plan": "a\x01b"}]}',
    "no UTF-8": b'{"rows": [{"plan": "\xff"}]}',
    "a byte order mark": b'\xef\xbb\xbf{"rows": []}',
    "two values": b"{} {}",
}
OF_ANOTHER_SHAPE = {
    "a list": b"[]",
    "null": b"null",
    "no rows": b"{}",
    "none": b'{"rows": []}',
    "rows that are none": b'{"rows": [1]}',
    "a cell that is a list": b'{"rows": [{"tenure": [1]}]}',
    "a cell that is an object": b'{"rows": [{"tenure": {}}]}',
    "an unknown name": b'{"rows": [{"tenure": 1}], "row": 1}',
    "reasons as a text": b'{"rows": [{"tenure": 1}], "reasons": "1"}',
    "reasons below nothing": b'{"rows": [{"tenure": 1}], "reasons": -1}',
    "true as reasons": b'{"rows": [{"tenure": 1}], "reasons": true}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_strict_json_is_refused(service: Running, body: bytes) -> None:
    found = service.ask("POST", "/score", body)
    assert found.status == 400
    assert found.plain["error"].keys() == {"status", "message", "id"}


@pytest.mark.parametrize("body", OF_ANOTHER_SHAPE.values(), ids=OF_ANOTHER_SHAPE)
def test_a_body_of_another_shape_is_refused(service: Running, body: bytes) -> None:
    assert service.ask("POST", "/score", body).status == 422


def test_a_text_that_spells_an_escape_is_a_text(service: Running) -> None:
    body = json.dumps({"rows": [{"tenure": 1, "plan": r"\u0000"}], "reasons": 1}).encode()
    assert rb"\\u0000" in body
    assert service.ask("POST", "/score", body).plain["predictions"][0]["reason_1"] == r"plan: \u0000"


def test_whole_numbers_of_64_bits_lose_nothing(service: Running) -> None:
    body = {"rows": [{"tenure": 2**63 - 1, "plan": 2**53 + 1}], "reasons": 1}
    assert service.ask("POST", "/score", body).plain["predictions"][0]["reason_1"] == f"plan: {2**53 + 1}"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
def test_other_types_of_bodies_are_refused(service: Running, kind: str) -> None:
    assert service.ask("POST", "/score", {"rows": [ROW]}, Content_Type=kind).status == 415
    assert service.ask("POST", "/score", {"rows": [ROW]}, Content_Encoding="gzip").status == 415


def test_a_type_may_say_utf_8(service: Running) -> None:
    assert service.ask("POST", "/score", {"rows": [ROW]}, Content_Type="Application/JSON; charset=UTF-8").status == 200


@pytest.mark.parametrize("name", ["C1", "a/b", "a b", "顾客", "100%", "a+b", "..", "'; drop table", "%2F", "?x=1#"])
def test_an_id_comes_through_as_it_is(service: Running, name: str) -> None:
    assert service.ask("GET", f"/customers/{quote(name, safe='')}").plain["customer_id"] == name


@pytest.mark.parametrize("path", ["%00", "a%09b", "%FF", "%C3%28", "%zz", "%", "a%2", "%ED%A0%80", "x" * 201])
def test_an_id_that_is_none_is_refused(service: Running, path: str) -> None:
    assert service.ask("GET", f"/customers/{path}").status == 400


def test_no_id_and_an_unknown_one_are_not_found(service: Running) -> None:
    assert [service.ask("GET", path).status for path in ("/customers/", "/customers/nobody")] == [404, 404]


QUERIES = ["limit=0", "limit=1001", "limit=1.0", "limit=-1", "limit=%EF%BC%91", "limit=", "offset=x", "other=1"]
QUERIES += ["limit=1&limit=2", "spec=%FF", "spec=%00", "spec=%z", "&".join(f"a{k}=1" for k in range(20))]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_cannot_be_read_is_refused(service: Running, query: str) -> None:
    assert service.ask("GET", f"/list?{query}").status == 400


def test_the_list_comes_in_parts(service: Running) -> None:
    parts = [service.ask("GET", f"/list?offset={offset}&limit=100").plain["customers"] for offset in (0, 100, 200)]
    whole = service.ask("GET", "/list?limit=1000").plain
    assert [one for part in parts for one in part] == whole["customers"]
    assert len(whole["customers"]) == whole["total"] == 250
