"""What was done comes back: once, corrected by later rows, refused with its row, and held apart from any effect."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import DataError, UsageError
from pipelines.outreach.feedback import compliance, record_run, recorded_files
from pipelines.outreach.operations import came_back, clock, database, opt_outs
from pipelines.outreach.operations.tables import CONTACTS, NOTES
from tests.pipelines.outreach.feedback.rounds_world import Shop, calls

WHEN = "2025-01-03T10:00:00"
CALL = {"customer": "c0-0000", "action": "call", "when": WHEN, "outcome": "not_reached"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return Shop(tmp_path)


def done(shop: Shop) -> pd.DataFrame:
    assignments = record_run.listed(shop.engine, "shop")
    return compliance.followed(assignments, compliance.attached(came_back.contacts(shop.engine, "shop"), assignments))


def test_a_row_twice_is_one_in_a_file_and_in_two(shop: Shop) -> None:
    shop.draw(customers=20)
    first = shop.record([CALL, CALL])
    kept = came_back.contacts(shop.engine, "shop")
    assert (first.new, first.known) == (1, 1)
    again = shop.record([CALL])
    assert (again.new, again.known) == (0, 1)
    pd.testing.assert_frame_equal(came_back.contacts(shop.engine, "shop"), kept)


def test_a_later_row_corrects_and_an_earlier_file_that_comes_again_does_not(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([CALL])
    corrected = shop.record([{**CALL, "outcome": "reached"}])
    assert (corrected.new, corrected.corrections) == (1, 1)
    shop.record([CALL])
    (row,) = came_back.contacts(shop.engine, "shop").to_dict("records")
    assert row["outcome"] == "reached"
    # A contact with a number of its own may be corrected in all that it says.
    numbered = {**CALL, "contact": "17", "customer": "c0-0001", "action": "coupon"}
    shop.record([numbered])
    shop.record([{**numbered, "customer": "c0-0002", "when": "2025-01-04"}])
    rows = came_back.contacts(shop.engine, "shop")
    assert rows.loc[rows["contact"] == "17", "customer_id"].tolist() == ["c0-0002"]


def test_recorded_at_decides_whatever_the_order_of_the_files(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([{**CALL, "outcome": "reached", "recorded_at": "2025-01-06"}])
    shop.record([{**CALL, "outcome": "declined", "recorded_at": "2025-01-05"}])
    assert came_back.contacts(shop.engine, "shop")["outcome"].tolist() == ["reached"]


def test_nothing_is_recorded_by_a_dry_run_or_where_any_row_has_a_fault(shop: Shop) -> None:
    shop.draw(customers=20)
    assert shop.record([CALL], dry_run=True).new == 1
    with pytest.raises(DataError, match="row 2: there is no customer 'nobody'"):
        shop.record([CALL, {**CALL, "customer": "nobody"}])
    assert came_back.contacts(shop.engine, "shop").empty


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"action": "gift"}, "there is no action 'gift'"),
        ({"outcome": "who knows"}, "there is no outcome 'who knows'"),
        ({"when": "2125-01-01"}, "is not between"),
        ({"when": "yesterday"}, "'yesterday' is no time"),
        ({"when": "45660"}, "(a spreadsheet shows day 45660 as 2025-01-03)"),
        ({"when": "45660.4166"}, "(a spreadsheet shows day 45660.4166 as 2025-01-03)"),
        ({"when": "2025-02-31"}, "'2025-02-31' is no time"),
        ({"when": "2025-01-03T10:00:00+01:00"}, "names a zone"),
        ({"when": ""}, "does not say when"),
        ({"outcome_at": "2025-01-02"}, "the outcome of 2025-01-02T00:00:00 is before its action"),
        ({"recorded_at": "2025-01-02"}, "before it happened"),
        ({"round": "2024-12-01"}, "it was never drawn, so nobody was shown it"),
        ({"round": "2025-01-01", "when": "2025-04-01"}, "is not within its round"),
        ({"round": "2025-01-01", "customer": "c1-0000"}, "did not draw customer 'c1-0000'"),
        ({"currency": "usd"}, "amounts are in usd, those of the spec in eur"),
        ({"cost": "-1"}, "is no amount"),
        *(({"cost": cost}, "is no amount") for cost in ("nan", "inf", "1e400", "1_0", "3,50", "\u0663")),
        ({"round": "2025-01-01garbage"}, "is no date"),
        ({"customer": "C0-0000"}, "is 'c0-0000' meant?"),
        ({"customer": "c0-0000\u200b"}, "is 'c0-0000' meant?"),
        ({"offer_taken": "perhaps"}, "write yes or no"),
    ],
)
def test_a_fault_is_one_line_that_names_the_row(shop: Shop, row: dict[str, str], told: str) -> None:
    for number in range(2):
        shop.draw(customers=20, number=number)
    with pytest.raises(DataError) as error:
        shop.record([{**CALL, **row}])
    assert told in str(error.value)
    assert "row 1" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize(
    "times",
    [
        {"when": "2025-01-01"},
        {"when": "2025-01-01", "round": "2025-01-01"},
        {"when": WHEN, "outcome_at": WHEN[:10]},
        {"when": WHEN, "recorded_at": WHEN[:10]},
        {"when": WHEN[:10], "outcome_at": WHEN, "recorded_at": WHEN[:10]},
    ],
)
def test_a_date_without_a_time_is_its_whole_day(shop: Shop, times: dict[str, str], form: str) -> None:
    """As text, and as the date of a spreadsheet or of Parquet, which comes as midnight."""
    shop.draw(customers=20)
    typed = {name: pd.Timestamp(said) for name, said in times.items()} if form != "csv" else times
    assert shop.record([{**CALL, **typed}], form=form).new == 1


def test_today_without_a_time_has_come_and_tomorrow_has_not(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([{**CALL, "when": "2025-01-03"}], at="2025-01-03T00:00:01", dry_run=True)
    with pytest.raises(DataError, match="'2025-01-04' is not between"):
        shop.record([{**CALL, "when": "2025-01-04"}], at="2025-01-03T23:59:59")


def test_what_happened_before_the_clocks_went_back_is_recorded_after(shop: Shop) -> None:
    shop.spec = shop.spec.model_copy(update={"time_zone": "Europe/Berlin"})
    shop.draw(customers=20)
    times = {"when": "2025-10-26T02:50", "recorded_at": "2025-10-26T02:10"}
    assert shop.record([{**CALL, **times}], at="2025-10-26T02:20").new == 1


def test_of_one_day_without_times_the_opt_out_holds(shop: Shop) -> None:
    """Whoever is told twice of one day is not contacted; after it was recorded, a wish for contacts holds again."""
    day = {"customer": "c0-0004", "opted_out": "yes", "when": "2025-01-05"}
    back = {**day, "opted_out": "no"}
    shop.record([{**back, "when": "2025-01-05T09:00"}, day], at="2025-01-06T08:00")
    assert opt_outs.now(shop.engine) == {"all": {"c0-0004"}}
    shop.record([{**back, "when": "2025-01-06T07:00"}], at="2025-01-06T08:00")
    assert opt_outs.now(shop.engine) == {}
    shop.record([{**day, "when": "2025-01-07"}], at="2025-01-07T10:00")
    assert opt_outs.now(shop.engine) == {"all": {"c0-0004"}}
    shop.record([{**back, "when": "2025-01-07T11:00"}], at="2025-01-07T12:00")
    assert opt_outs.now(shop.engine) == {}


def test_names_that_differ_by_zeros_are_two_customers_and_a_lost_zero_is_noticed(shop: Shop) -> None:
    drawn = shop.draw(customers=3)
    shop.draw_again(drawn.assign(customer_id=["007", "8", "08"]), on=date(2025, 6, 1))
    for name in ("007", "8", "08"):
        assert shop.record([{**CALL, "customer": name}], dry_run=True, form="xlsx").new == 1
    for row in ({**CALL, "customer": 7}, {"customer": 7, "opted_out": "yes"}):
        with pytest.raises(DataError, match=r"there is no customer '7'.*; is '007' meant\?"):
            shop.record([row], form="xlsx")


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (
            {**CALL, "contact": "1"},
            {**CALL, "contact": "1", "customer": "c0-0001"},
            "row 2: it has the same contact as row 1, and another customer_id",
        ),
        (
            {"customer": "c0-0000", "round": "2025-01-01", "churned": 1},
            {"customer": "c0-0000", "round": "2025-01-01", "churned": 0},
            "row 2: it has the same outcome of a customer as row 1, and another churned",
        ),
    ],
)
def test_rows_of_one_file_that_contradict_each_other_are_refused(
    shop: Shop, one: dict[str, str], other: dict[str, str], told: str
) -> None:
    """None of them is the later one; with a time of recording the later one corrects."""
    shop.draw(customers=20)
    with pytest.raises(DataError, match=told):
        shop.record([one, other])
    times = [{**one, "recorded_at": "2025-01-05"}, {**other, "recorded_at": "2025-01-06"}]
    assert shop.record(times).corrections == 1


def test_who_left_after_the_window_stayed_in_it(shop: Shop) -> None:
    shop.draw(customers=20)
    row = {"customer": "c0-0000", "round": "2025-01-01", "churned": 1}
    with pytest.raises(DataError, match="stayed in the window of 2025-01-01, until 2025-04-01; write 0"):
        shop.record([{**row, "when": "2025-04-01"}])
    assert shop.record([{**row, "when": "2025-03-31"}]).new == 1


def test_a_file_of_texts_may_be_called_txt(shop: Shop) -> None:
    shop.draw(customers=20)
    assert shop.record([CALL], form="txt").new == 1


def test_a_misspelt_column_is_not_left_out_silently(shop: Shop) -> None:
    shop.draw(customers=20)
    with pytest.raises(DataError, match=r"may not have the columns \['outcom'\]"):
        shop.record([{"customer": "c0-0000", "action": "call", "when": WHEN, "outcom": "reached"}])


def test_clocks_do_not_go_back(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([CALL], at="2025-03-01T10:00:00")
    with pytest.raises(UsageError, match="is before 2025-03-01T10:00:00, when something was last recorded"):
        shop.record([{**CALL, "outcome": "reached"}], at="2025-02-01T10:00:00")


def test_where_the_clocks_were_set_back_a_later_row_corrects_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.draw(customers=20)
    shop.record([CALL])
    monkeypatch.setattr(clock, "now", lambda _: datetime(2025, 3, 1))
    shop.record([{**CALL, "outcome": "reached"}])
    kept = came_back.contacts(shop.engine, "shop")
    assert kept["outcome"].tolist() == ["reached"]


def test_the_same_row_signed_by_somebody_else_is_the_same(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([CALL, {"customer": "c0-0004", "action": "call", "when": WHEN, "by": "Ms X"}])
    path = shop.root / "back.csv"
    told = {"renamed": {}, "said_at": None, "signed": "another desk", "dry_run": False}
    again = record_run.record(shop.spec, shop.workspace, shop.engine, [path], **told)
    assert (again.new, again.known) == (0, 2)
    assert came_back.contacts(shop.engine, "shop")["by"].tolist() == ["desk", "Ms X"]


def test_costs_in_another_currency_than_the_spec_now_says_are_refused(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([CALL])
    shop.spec = shop.spec.model_copy(update={"currency": "usd"})
    with pytest.raises(DataError, match="one currency is needed"):
        shop.record([CALL])
    with pytest.raises(DataError, match="one currency is needed"):
        shop.effect()


def test_compliance_by_hand(shop: Shop) -> None:
    drawn = shop.draw(customers=40).set_index("customer_id")
    called = drawn.index[(drawn["action"] == "call")].tolist()
    withheld = drawn.index[drawn["withheld"]].tolist()
    rows = [
        {"customer": called[0], "action": "call", "outcome": "reached"},
        {"customer": called[1], "action": "coupon", "outcome": "done"},
        {"customer": called[2], "action": "call", "outcome": "not_done"},
        {"customer": withheld[0], "action": "call", "outcome": "reached"},
    ]
    shop.record([{**row, "when": WHEN} for row in rows])
    found = done(shop)
    told = {(one["round"], one["action"]): one for one in compliance.table(found)}
    call = told["2025-01-01", "call"]
    assert [call[name] for name in ("assigned", "done", "done_otherwise", "not_done")] == [len(called), 1, 1, 1]
    assert call["not_reported"] == len(called) - 3
    assert told["2025-01-01", "none"]["contacted"] == 1
    reached = found.set_index("customer_id")["reached"]
    assert reached[[called[0], called[2], withheld[0]]].tolist() == [1.0, 0.0, 1.0]
    assert reached[[called[1], called[3]]].isna().all()


def test_who_was_reached_by_hand(shop: Shop) -> None:
    """One contact that reached somebody is enough; one of which nobody knows leaves it open."""
    drawn = shop.draw(customers=40)
    said = {
        ("not_reached", "reached"): 1.0,
        ("reached", "done"): 1.0,
        ("not_reached", "done"): None,
        ("not_reached", "not_done"): 0.0,
        ("done+", "not_reached"): 1.0,
        ("done",): None,
    }
    called = drawn.loc[drawn["action"] == "call", "customer_id"].tolist()
    told = zip(called, said, strict=False)
    rows = [
        {"customer": customer, "action": "call", "when": f"2025-01-03T{hour + 9:02}:00", "outcome": one.rstrip("+")}
        | {"offer_taken": "yes" if one.endswith("+") else ""}
        for customer, outcomes in told
        for hour, one in enumerate(outcomes)
    ]
    shop.record(rows)
    reached = done(shop).set_index("customer_id")["reached"]
    found = [None if np.isnan(reached[customer]) else reached[customer] for customer in called[: len(said)]]
    assert found == list(said.values())


def test_what_was_spent_by_hand(shop: Shop) -> None:
    """What was recorded, else what the action costs that was made; in a round of silence, what was assigned."""
    drawn = shop.draw(customers=40)
    silent = shop.draw(customers=4, number=1)
    called = drawn.loc[drawn["action"] == "call", "customer_id"].tolist()
    made = [
        (0, {"action": "call", "cost": 3.5}),
        (1, {"action": "call"}),
        (2, {"action": "coupon"}),
        (3, {"action": "call", "outcome": "not_done", "cost": 9}),
        (4, {"action": "call", "cost": 1}),
        (4, {"action": "coupon", "cost": 2}),
        (5, {"action": "call", "cost": 0}),
    ]
    shop.record([{"customer": called[place], "when": WHEN, **row} for place, row in made])
    assignments = record_run.listed(shop.engine, "shop")
    contacts = compliance.attached(came_back.contacts(shop.engine, "shop"), assignments)
    cost = compliance.spent(assignments, contacts, {"call": 2.0, "coupon": 5.0})
    spent = dict(zip(assignments["customer_id"], cost, strict=True))
    assert [spent[customer] for customer in called[:7]] == [3.5, 2.0, 5.0, 0.0, 3.0, 0.0, 0.0]
    costs = silent["action"].map({"none": 0.0, "call": 2.0, "coupon": 5.0})
    assert [spent[customer] for customer in silent["customer_id"]] == costs.tolist()


def test_a_contact_belongs_to_the_newest_round_that_drew_the_customer_and_was_open(shop: Shop) -> None:
    shop.draw(customers=20)
    days = {"2024-12-31": "", "2025-01-01": "2025-01-01", "2025-03-31": "2025-01-01", "2025-04-01": ""}
    shop.record([{**CALL, "when": f"{day}T12:00:00"} for day in days])
    assignments = record_run.listed(shop.engine, "shop")
    found = compliance.attached(came_back.contacts(shop.engine, "shop"), assignments)
    assert found["of_round"].tolist() == list(days.values())


def test_of_two_rounds_that_are_open_the_newer_has_the_contact_unless_it_names_the_older(shop: Shop) -> None:
    drawn = shop.draw(customers=20)
    one = drawn[drawn["action"] == "call"].head(1)
    call = {**CALL, "customer": one["customer_id"].iloc[0]}
    shop.draw_again(one, on=date(2025, 2, 10))
    days = {"2025-02-09": "2025-01-01", "2025-02-10": "2025-02-10", "2025-04-20": "2025-02-10"}
    shop.record([{**call, "when": f"{day}T12:00:00"} for day in days])
    shop.record([{**call, "when": "2025-02-11", "round": "2025-01-01"}])
    found = compliance.attached(came_back.contacts(shop.engine, "shop"), record_run.listed(shop.engine, "shop"))
    told = dict(zip(found["happened_at"].str[:10], found["of_round"], strict=True))
    assert told == {**days, "2025-02-11": "2025-01-01"}


def test_notes_stand_apart_and_may_be_erased_for_good(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([{**CALL, "note": "Asked for Ms X"}])
    with shop.engine.begin() as connection:
        assert connection.execute(sa.select(NOTES.c.note)).scalars().all() == ["Asked for Ms X"]
        assert "note" not in CONTACTS.c
        connection.execute(sa.delete(NOTES))
    shop.record([{**CALL, "note": "Asked for Ms X"}])
    with shop.engine.connect() as connection:
        assert connection.execute(sa.select(NOTES.c.note)).scalars().all() == []


def test_opt_outs_hold_until_they_are_taken_back(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([{**CALL, "outcome": "opted_out"}])
    told = shop.record([{"customer": name, "opted_out": "yes"} for name in ("c0-0004", "later")])
    assert (told.new, told.strangers) == (2, 1)
    shop.record([{"customer": "c0-0006", "action": "coupon", "opted_out": "yes", "when": WHEN}])
    assert opt_outs.now(shop.engine) == {"all": {"c0-0000", "c0-0004", "later"}, "coupon": {"c0-0006"}}
    # A correction of the contact does not take it back, a row that says so does, and a second one holds again.
    shop.record([{**CALL, "outcome": "declined"}])
    assert "c0-0000" in opt_outs.now(shop.engine)["all"]
    shop.record([{"customer": name, "opted_out": "no"} for name in ("c0-0000", "c0-0006")])
    assert opt_outs.now(shop.engine) == {"all": {"c0-0004", "later"}}
    again = shop.record([{"customer": "c0-0000", "opted_out": "yes", "recorded_at": ""}])
    assert (again.new, "c0-0000" in opt_outs.now(shop.engine)["all"]) == (1, True)
    assert shop.record([{"customer": "c0-0000", "opted_out": "yes"}]).new == 0


def test_opt_outs_of_a_moment_are_those_that_were_recorded_by_then(shop: Shop) -> None:
    shop.draw(customers=20)
    shop.record([{"customer": "c0-0004", "action": "coupon", "opted_out": "yes", "when": WHEN}], at="2025-01-05T09:00")
    shop.record([{"customer": "c0-0004", "opted_out": "no", "when": "2025-01-07"}], at="2025-01-08T09:00")
    told = {at: opt_outs.then(shop.engine, at) for at in ("2025-01-05T08:59:59", "2025-01-05T09:00:00", "2025-01-09")}
    assert list(told.values()) == [{}, {"coupon": {"c0-0004"}}, {}]


def test_outcomes_of_data_with_dates_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    dated = {"label": {"kind": "cancelled", "lead_time_days": 14, "horizon_days": 60}}
    shop = Shop(tmp_path, observations={"first": "2024-01-31"}, split={"kind": "time"}, **dated)
    drawn = shop.draw(customers=20)
    with pytest.raises(UsageError, match="the data say it, by the label"):
        shop.record([{"customer": drawn["customer_id"][0], "round": "2025-01-01", "churned": 1}])


@pytest.mark.parametrize("form", ["xlsx", "parquet", "jsonl"])
def test_other_forms_say_the_same(shop: Shop, form: str) -> None:
    frame = calls(shop.draw(customers=20)).assign(cost=1.5)
    shop.record(frame)
    kept = came_back.contacts(shop.engine, "shop")
    found = shop.record(frame, form=form)
    assert (found.new, found.known) == (0, len(kept))


def test_columns_and_words_of_another_language(shop: Shop) -> None:
    shop.draw(customers=20)
    path = shop.root / "anrufe.csv"
    rows = ["Kunde;Art;Datum;Ergebnis;note"]
    rows += [f"c0-000{place};Anruf;2025-01-03;{said};客户投诉，要求退款" for place, said in ((0, "da"), (2, "sprach"))]
    path.write_text("\n".join(rows), encoding="gb18030")
    found = recorded_files.read(
        path,
        {"customer": "Kunde", "action": "Art", "when": "Datum", "outcome": "Ergebnis"},
        {"Anruf": "call", "da": "reached", "sprach": "reached"},
    )
    assert [(row["customer"], row["action"], row["outcome"]) for _, row in found.rows] == [
        ("c0-0000", "call", "reached"),
        ("c0-0002", "call", "reached"),
    ]
    assert {row["note"] for _, row in found.rows} == {"客户投诉，要求退款"}
    with pytest.raises(UsageError, match="which --column names"):
        recorded_files.read(path, {"customer": "Name"})
