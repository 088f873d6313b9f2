"""What no spec may say, whatever its sections mean: judged as text, with the line or the key, and in no time."""

import time
from pathlib import Path
from typing import Any

import pytest

from features.errors import SpecError
from pipelines.specs import spec_text

SECONDS = 2.0
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
BAD: dict[str, tuple[str, str]] = {
    "one key twice": ("a: 1\nb: {c: 1, d: 2, c: 3}\n", r"at line 2: b: the key 'c' occurs twice, again at line 2"),
    "one key twice above": ("a: 1\nb: 2\na: 3\n", r"it: the key 'a' occurs twice, again at line 3"),
    "in itself": ("a: &x {b: [1, *x]}\n", r"a\.b\.1 refers to itself"),
    "a list in itself": ("a: &x [*x]\n", r"a\.0 refers to itself"),
    "an alias bomb": (BOMB, "is too large: with all aliases written out, a spec has at most 100,000 values"),
    "merged in itself": ("a: &x {b: 1, <<: *x}\n", "refers to itself"),
    "very deep": ("a: " + "[" * 60 + "]" * 60 + "\n", "at most 100,000 values on 50 levels"),
    "endlessly deep": ("a: " + "[" * 5_000 + "]" * 5_000 + "\n", "nested too deep"),
    "very long": ("a: " + "x" * 1_000_001, "has 1,000,004 letters; a spec has at most 1,000,000"),
    "a key that is a list": ("a: {[1]: 2}\n", "a: a key is a text; that of line 1 is not"),
    "a key that is a number": ("a: {1: 2}\n", r"a\.1: a key is a text; put it in quotes"),
    "a key that is yes": ("a: {yes: 2}\n", r"a\.True: a key is a text; put it in quotes"),
    "not a number": ("a: {b: .nan}\n", r"a\.b: nan is no number to calculate with"),
    "infinite": ("a: {b: [-.inf]}\n", r"a\.b\.0: -inf is no number to calculate with"),
    "an amount of 308 digits": ("a: 1.0e+308\n", r"a: 1e\+308 is no number to calculate with"),
    "a whole number of 18 digits": ("a: {b: 1000000000000000000}\n", r"a\.b: a whole number of 19 digits is too large"),
    "a number of five thousand digits": (f"a: {'9' * 5_000}\n", "a cannot be read: Exceeds the limit"),
    "a 13th month": ("a: 2024-13-45\n", "a cannot be read: month must be in 1..12; put it in quotes"),
    "a date": ("a: {b: 2024-01-31}\n", r"a\.b: write the date 2024-01-31 in quotes"),
    "a moment": ("a: [2024-01-31T01:02:03Z]\n", r"a\.0: write the date .* in quotes"),
    "a sign that cannot be written": ('a: "x\\0y"\n', "a: it holds a sign that cannot be written"),
    "bytes": ("a: !!binary aGVsbG8=\n", "a: it is a bytes; write a text or a number"),
    "a set": ("a: !!set {x, y}\n", "a: it is a set; write a text or a number"),
    "a whole number that is none": ("a: !!int x\n", "a cannot be read"),
    "a yes that is none": ("a: !!bool x\n", "a cannot be read"),
    "a date that is none": ("a: !!timestamp x\n", "a cannot be read"),
    "an object": ("a: !!python/object/apply:os.getcwd []\n", "is not YAML at line 1"),
    "two documents": ("a: 1\n---\nb: 2\n", "is not YAML at line 2"),
    "a list": ("- a\n- b\n", "spec 'shop' is empty; it needs keys"),
    "nothing": ("", "spec 'shop' is empty; it needs keys"),
    "an open bracket": ("a: [1\nb: 2\n", "is not YAML at line"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


@pytest.mark.parametrize("fault", BAD)
def test_what_no_spec_may_say_is_refused_with_its_place_and_soon(file: Path, fault: str) -> None:
    text, said = BAD[fault]
    file.write_text(text)
    begun = time.process_time()
    with pytest.raises(SpecError, match=said) as caught:
        spec_text.read(file)
    assert time.process_time() - begun < SECONDS
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: {b: 0.5, c: [x, '1', null, true], d: {}}", {"a": {"b": 0.5, "c": ["x", "1", None, True], "d": {}}}),
        ("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n", {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: 1000000000000000\nb: -1.0e+150\nc: 1.0e-320\n", {"a": 10**15, "b": -1e150, "c": 1e-320}),
        ("a: 'x\ty'\nb: |\n  one\n  two\n", {"a": "x\ty", "b": "one\ntwo\n"}),
        ("a: 数据\n", {"a": "数据"}),
    ],
)
def test_what_a_spec_may_say_is_read_as_yaml_reads_it(file: Path, text: str, value: dict[str, Any]) -> None:
    file.write_text(text, encoding="utf-8")
    assert spec_text.read(file) == value


def test_a_spec_of_five_thousand_columns_is_read_soon(file: Path) -> None:
    columns = "".join(f"  c{n}: {{type: number, minimum: 0, meaning: the column {n}}}\n" for n in range(5_000))
    file.write_text(f"columns:\n{columns}")
    begun = time.process_time()
    assert len(spec_text.read(file)["columns"]) == 5_000
    assert time.process_time() - begun < 8 * SECONDS


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "cp1252"])
def test_a_file_in_another_encoding_is_told_its_line(tmp_path: Path, encoding: str) -> None:
    text = "title: t\nwords: [" + ("réclamation" if encoding == "cp1252" else "投訴") + "]\n"
    (tmp_path / "demo.yaml").write_bytes(text.encode(encoding))
    with pytest.raises(SpecError, match=r"demo.yaml is not UTF-8, at line \d \(byte 0x") as told:
        spec_text.read(tmp_path / "demo.yaml")
    assert "\n" not in str(told.value)
    (tmp_path / "demo.yaml").write_bytes(text.encode("utf-8-sig"))
    assert spec_text.read(tmp_path / "demo.yaml")["title"] == "t"
