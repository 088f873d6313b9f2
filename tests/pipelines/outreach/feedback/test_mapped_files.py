"""The company's own files, mapped by an event log's spec: the rows of our own columns, or a line that says why not."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import DataError, HoldfastError, MissingError, SpecError, UsageError
from features.event_log.recorded import CONTACTS as CONTACT_TABLE
from pipelines.models import provenance
from pipelines.outreach.feedback import mapped_files, record_run, recorded_files
from pipelines.outreach.feedback.recorded_rows import OUTCOMES
from pipelines.outreach.operations import came_back, database, opt_outs
from pipelines.outreach.operations.came_back import Kept
from pipelines.outreach.operations.tables import CONTACTS, NOTES, OPT_OUTS
from pipelines.specs.options import source_of
from tests.pipelines.outreach.feedback.rounds_world import Shop

THEIRS = {"reached": "erreicht", "not_reached": "nicht da", "opted_out": "Widerspruch", "": ""}
TABLES = {"customers": {"files": "people.csv", "columns": {"customer_id": "id", "event_at": "t", "joined_at": "t"}}}
MAPPED: dict[str, Any] = {
    "files": "anrufe*",
    "drop": {"test calls": "Notiz = 'TEST'"},
    "values": {"action": {"Anruf": "call"}, "outcome": {theirs: ours for ours, theirs in THEIRS.items() if ours}},
    "columns": {
        "customer_id": "Kunde",
        "event_at": "strptime(Datum, '%d.%m.%Y %H:%M')",
        "action": "Art",
        "outcome": "Ergebnis",
        "note": "Notiz",
        "by": "Wer",
        "cost": "Kosten",
        "contact": "Nr",
        "corrects": "Statt",
        "recorded_at": "try_strptime(Stand, '%d.%m.%Y %H:%M')",
    },
}
SOURCE = {"kind": "event_log", "time_zone": "UTC", "tables": TABLES, "contacts": MAPPED}
AT = "2025-06-01T00:00:00"
CALL = {"customer": "c0-0000", "action": "call", "when": "2025-01-03T10:00", "outcome": "reached", "contact": "1"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    made = Shop(tmp_path, source=SOURCE)
    made.draw(customers=20)
    return made


def german(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Rows of our columns as the company's own system has them."""

    def day(said: str) -> str:
        return pd.Timestamp(said).strftime("%d.%m.%Y %H:%M") if said else ""

    return pd.DataFrame(
        {
            "Nr": row.get("contact", ""),
            "Kunde": row["customer"],
            "Art": "Anruf" if row["action"] == "call" else row["action"],
            "Datum": day(row["when"]),
            "Ergebnis": THEIRS.get(row.get("outcome", ""), row.get("outcome", "")),
            "Wer": row.get("by", ""),
            "Notiz": row.get("note", ""),
            "Kosten": row.get("cost", ""),
            "Statt": row.get("corrects", ""),
            "Stand": day(row.get("recorded_at", "")),
        }
        for row in rows
    )


def record(shop: Shop, frame: pd.DataFrame, *, name: str = "anrufe.csv", at: str | None = AT) -> Kept:
    path = shop.root / name
    if name.endswith("xlsx"):
        frame.to_excel(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return asked(shop, [path], at=at)


def asked(shop: Shop, paths: list[Path], *, at: str | None = AT, **more: Any) -> Kept:
    told = {"renamed": {}, "said_at": at, "signed": "desk", "dry_run": False, **more}
    return record_run.record(shop.spec, shop.workspace, shop.engine, paths, **told)


def kept(shop: Shop) -> list[list[Any]]:
    """All rows of the database, as they are."""
    with shop.engine.connect() as connection:
        return [sorted(map(repr, connection.execute(sa.select(one)).all())) for one in (CONTACTS, NOTES, OPT_OUTS)]


SAID = {
    "customer": [f"c0-000{n}" for n in range(6)],
    "action": ["call", "coupon"],
    "when": ["2025-01-03T10:00", "2025-01-04", "2025-02-03T23:59"],
    "outcome": list(THEIRS),
    "note": ['wants, a "refund"', "要求退款", ""],
    "by": ["Ms X", ""],
    "cost": ["0", "3.50", "1e3", ""],
    "recorded_at": ["2025-03-01T08:00", "2025-03-02T08:00", ""],
}


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_the_mapped_file_is_the_file_in_our_own_columns(form: str, tmp_path: Path) -> None:
    """To the byte of every row; twice is once; and in another order the same contacts hold."""
    gen = random.Random(form)  # noqa: S311 - rows
    told = [{name: gen.choice(words) for name, words in SAID.items()} | {"contact": str(n)} for n in range(60)]
    ours, theirs, mixed = (Shop(tmp_path / name, source=SOURCE) for name in ("ours", "theirs", "mixed"))
    for one in (ours, theirs, mixed):
        one.root.mkdir(exist_ok=True)
        one.draw(customers=20)
    first = ours.record(told, at=AT)
    assert record(theirs, german(told), name=f"anrufe.{form}") == first
    assert kept(theirs) == kept(ours)
    assert record(theirs, german([*told, *told]), name=f"anrufe_neu.{form}").new == 0
    assert kept(theirs) == kept(ours)
    record(mixed, german(gen.sample(told, len(told))))
    held, other = (
        came_back.contacts(one.engine, "shop").drop(columns="place").sort_values("contact", ignore_index=True)
        for one in (ours, mixed)
    )
    pd.testing.assert_frame_equal(held, other)
    assert opt_outs.now(mixed.engine) == opt_outs.now(ours.engine)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_row_that_names_the_one_it_corrects_is_a_later_row_of_it_whatever_the_order(
    shop: Shop, order: tuple[int, ...], is_mapped: bool
) -> None:
    told = [
        CALL,
        {**CALL, "contact": "2", "corrects": "1", "outcome": "not_reached"},
        {**CALL, "contact": "3", "corrects": "2", "outcome": "", "customer": "c0-0002"},
    ]
    chosen = [told[place] for place in order]
    found = record(shop, german(chosen)) if is_mapped else shop.record(chosen, at=AT)
    assert (found.new, found.corrections) == (3, 2)
    (row,) = came_back.contacts(shop.engine, "shop").to_dict("records")
    assert (row["contact"], row["customer_id"], row["outcome"]) == ("1", "c0-0002", "done")
    later = [{**CALL, "contact": "4", "corrects": "1", "outcome": "opted_out"}]
    assert record(shop, german(later)).corrections == 1
    assert came_back.contacts(shop.engine, "shop")["outcome"].tolist() == ["opted_out"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([{**CALL, "corrects": "9"}], "row 1: it corrects contact '9', which is neither in the file nor recorded"),
        ([{**CALL, "corrects": "1"}], "row 1: contact '1' corrects itself"),
        (
            [{**CALL, "corrects": "2"}, {**CALL, "contact": "2", "corrects": "1"}],
            "corrects itself, through",
        ),
        (
            [CALL, *({**CALL, "contact": n, "corrects": other} for n, other in (("2", ""), ("3", "1"), ("3", "2")))],
            "row 4: contact '3' corrects another one already",
        ),
    ],
)
def test_what_corrects_nothing_is_refused(shop: Shop, told: list[dict[str, str]], why: str) -> None:
    with pytest.raises(DataError, match=why):
        record(shop, german(told))
    with pytest.raises(DataError, match=why):
        shop.record(told)
    assert came_back.contacts(shop.engine, "shop").empty


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"Ergebnis": "vielleicht"}, ["there is no outcome 'vielleicht'; write one of"]),
        ({"Art": "Besuch"}, ["there is no action 'Besuch'; the spec has ['call', 'coupon']"]),
        ({"Kunde": "nobody"}, ["there is no customer 'nobody'"]),
        ({"Kunde": ""}, ["it has no customer_id, Kunde is ''", "source.contacts.columns.customer_id: Kunde"]),
        ({"Datum": "2025-01-03"}, ["an unreadable event_at, Datum is '2025-01-03'", "columns.event_at: strptime"]),
        ({"Datum": ""}, ["it has no event_at, Datum is ''"]),
        ({"Datum": "03.01.2125 10:00"}, ["when '2125-01-03T10:00:00' is not between"]),
        (
            {"Kosten": "drei"},
            ["cost 'drei' cannot be read", "source.contacts.columns.cost: Kosten"],
        ),
        ({"Kosten": "1_0"}, ["cost '1_0' cannot be read"]),
        ({"Kosten": "-1"}, ["cost '-1.0' is no amount"]),
    ],
)
def test_a_fault_is_one_line_with_file_row_column_value_and_remedy(
    shop: Shop, row: dict[str, str], told: list[str]
) -> None:
    """The second row is at fault, the first is fine: neither is recorded."""
    frame = german([{**CALL, "contact": str(n)} for n in range(2)])
    for name, said in row.items():
        frame.loc[1, name] = said
    with pytest.raises(DataError) as error:
        record(shop, frame)
    said = str(error.value)
    for one in (*told, "anrufe.csv: row 2: ", "source.contacts", "Nothing was recorded."):
        assert one in said
    assert "\n" not in said
    assert kept(shop) == [[], [], []]


def test_a_lacking_column_is_named_with_its_place_in_the_spec(shop: Shop) -> None:
    with pytest.raises(HoldfastError, match=r"source.contacts.columns.outcome: anrufe.csv has no column 'Ergebnis'"):
        record(shop, german([CALL]).rename(columns={"Ergebnis": "Resultat"}))


def test_filters_leave_rows_out_and_say_how_many(shop: Shop) -> None:
    found = record(shop, german([CALL, {**CALL, "contact": "2", "note": "TEST", "action": "unknown"}]))
    assert (found.new, found.left_out) == (1, 1)


def test_numbers_of_rows_are_those_of_the_file(shop: Shop) -> None:
    """Of many rows in any form, the one at fault is named."""
    frame = german([{**CALL, "contact": str(n)} for n in range(5_000)])
    frame.loc[4_321, "Ergebnis"] = "vielleicht"
    for form in ("csv", "parquet"):
        with pytest.raises(DataError, match="row 4322: there is no outcome 'vielleicht'"):
            record(shop, frame, name=f"anrufe.{form}")


def test_times_are_moved_to_the_clocks_of_the_company(shop: Shop) -> None:
    zones = {"time_zone": "Europe/Berlin", "contacts": {**MAPPED, "recorded_in": "UTC"}}
    shop.spec = shop.spec.model_copy(update={"source": {**SOURCE, **zones}, "time_zone": "Europe/Berlin"})
    record(shop, german([CALL, {**CALL, "contact": "2", "when": "2025-01-04"}]))
    assert came_back.contacts(shop.engine, "shop")["happened_at"].tolist() == [
        "2025-01-03T11:00:00",
        "2025-01-04T01:00:00",
    ]


def test_one_file_may_hold_contacts_and_opt_outs_and_other_files_say_whose_a_key_is(shop: Shop) -> None:
    raw = shop.workspace.raw
    raw.mkdir(parents=True)
    (raw / "ids.csv").write_text("key,customer\n17,c0-0000\n18,c0-0002\n")
    out = {
        "files": "crm.csv",
        "identity": True,
        "drop": {"no opt-out": "flag IS DISTINCT FROM 'x'"},
        "columns": {"customer_id": "who", "event_at": "day"},
    }
    calls = {"files": "crm.csv", "identity": True, "columns": {**out["columns"], "action": "'call'"}}
    identities = {"file": "ids.csv", "key": "key", "customer_id": "customer"}
    plain = {**SOURCE, "identities": identities, "contacts": calls, "opt_outs": out}
    shop.spec = shop.spec.model_copy(update={"source": plain})
    path = shop.root / "crm.csv"
    path.write_text("who,day,flag\n17,2025-01-03,x\n18,2025-01-03,\n")
    asked(shop, [path])
    assert came_back.contacts(shop.engine, "shop")["customer_id"].tolist() == ["c0-0000", "c0-0002"]
    assert opt_outs.now(shop.engine) == {"all": {"c0-0000"}}
    path.write_text("who,day,flag\n17,2025-01-03,x\n19,2025-01-03,\n")
    with pytest.raises(DataError, match=r"row 2: the key '19' is of no customer of source.identities"):
        asked(shop, [path])


def test_without_files_those_of_the_raw_data_are_recorded_once(shop: Shop) -> None:
    with pytest.raises(MissingError, match=r"source.contacts.files: no file 'anrufe\*'"):
        asked(shop, [])
    raw = shop.workspace.raw
    raw.mkdir(parents=True)
    german([CALL]).to_csv(raw / "anrufe_1.csv", index=False)
    assert (asked(shop, []).new, asked(shop, []).new) == (1, 0)
    german([CALL, {**CALL, "contact": "2"}]).to_csv(raw / "anrufe_2.csv", index=False)
    found = asked(shop, [])
    assert (found.new, found.known) == (1, 2)
    assert record(shop, german([CALL])).new == 0
    shop.spec = shop.spec.model_copy(update={"source": {**SOURCE, "contacts": []}})
    with pytest.raises(UsageError, match="which files"):
        asked(shop, [])


def test_a_file_that_no_mapping_names_is_read_in_our_own_columns(shop: Shop) -> None:
    assert shop.record([CALL], at=AT).new == 1
    assert record(shop, german([CALL])).new == 0


def test_a_mapped_file_takes_no_names_of_columns(shop: Shop) -> None:
    path = shop.root / "anrufe.csv"
    german([CALL]).to_csv(path, index=False)
    with pytest.raises(UsageError, match=r"is read by source.contacts of the spec; leave --column and --value out"):
        asked(shop, [path], renamed={"customer": "Kunde"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"columns": {"customer_id": "a", "event_at": "b"}}, r"source.contacts.columns: \['action'\] must be given"),
        ({"columns": {**MAPPED["columns"], "outcom": "a"}}, r"source.contacts.columns: no column \['outcom'\]"),
        ({"columns": {**MAPPED["columns"], "row_of_file": "1"}}, r"no column \['row_of_file'\]"),
        ({"columns": {**MAPPED["columns"], "note": "sum(a)"}}, "source.contacts.columns.note: .* is of many rows"),
        ({"values": {"note": {"a": "b"}}}, "source.contacts.values: 'note' is no mapped column of words"),
        ({"values": {"offer_taken": {"a": "yes"}}}, "source.contacts.values: 'offer_taken' is no mapped column"),
        (
            {"values": {"outcome": {"a": "reachd"}}},
            r"source.contacts.values.outcome: no outcome is called \['reachd'\]",
        ),
        ({"values": {"outcome": {True: "reached"}}}, "put the word in quotes"),
        ({"recorded_in": "Berlin"}, "source.contacts.recorded_in: there is no time zone 'Berlin'"),
        ({"value": {}}, "unknown key 'source.contacts.value'"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_key(shop: Shop, change: dict[str, Any], told: str) -> None:
    wrong = shop.spec.model_copy(update={"source": {**SOURCE, "contacts": {**MAPPED, **change}}})
    with pytest.raises(SpecError, match=told):
        source_of(wrong)


def test_contacts_are_no_table_of_the_data(shop: Shop) -> None:
    plain = {key: one for key, one in MAPPED.items() if key != "values"}
    wrong = shop.spec.model_copy(update={"source": {**SOURCE, "tables": {"contacts": plain}}})
    with pytest.raises(SpecError, match=r"what `record` keeps stands in source.contacts"):
        mapped_files.options_of(wrong)
    source, options = source_of(shop.spec)
    assert set(source.declare(options)) == {"customers"}
    assert "anrufe*" in source.wants(options)


def test_a_mapping_of_contacts_is_no_part_of_the_recipe_of_a_model(shop: Shop) -> None:
    without = {key: one for key, one in SOURCE.items() if key != "contacts"}
    other = shop.spec.model_copy(update={"source": without})
    assert provenance.recipe(other) == provenance.recipe(shop.spec)


def test_the_spec_and_record_know_the_same_names() -> None:
    assert CONTACT_TABLE.column("outcome").values == tuple(OUTCOMES)  # noqa: PD011 - no frame
    ours = {mapped_files.OURS.get(name, name) for name in CONTACT_TABLE.names} - {"row_of_file"}
    assert ours == set(recorded_files.COLUMNS["contacts"])
