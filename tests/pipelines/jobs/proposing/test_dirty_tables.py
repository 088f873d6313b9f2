"""What `new` makes of tables as they come: told, not hidden, and no question answered in silence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError, UsageError
from pipelines.jobs.proposing.drafts import Draft
from tests.pipelines.jobs.proposing.proposals import columns, draft, faults, plain, write, write_frame

ROWS = 400
RNG = np.random.default_rng(3)
LEFT = np.where(RNG.random(ROWS) < 0.3, "yes", "no")
IDS = [f"C{number:05d}" for number in range(ROWS)]
AMOUNT = RNG.gamma(2, 30, ROWS).round(2)


def open_points(found: Draft) -> str:
    return " | ".join(found.open)


def test_key_label_and_types_are_found_with_their_reasons(tmp_path: Path) -> None:
    found = draft(write(tmp_path, customer_id=IDS, tenure_months=range(ROWS), plan=["a", "b"] * 200, churn=LEFT))
    said = plain(found)
    assert said["source"]["key"] == "customer_id"
    assert said["label"] == {
        "kind": "column", "column": "churn", "churned": "yes", "retained": "no", "leavers_are_gone": True,
    }  # fmt: skip
    assert columns(found)["plan"]["values"] == ["a", "b"]
    assert found.text.count("# sure") > 2
    assert faults(found, tmp_path) == []


def test_a_name_says_a_unit_and_money_a_month_is_no_months(tmp_path: Path) -> None:
    found = columns(draft(write(tmp_path, visits_30_days=RNG.integers(0, 9, ROWS), MonthlyCharges=AMOUNT, churn=LEFT)))
    assert found["visits_30_days"]["unit"] == "days"
    assert "unit" not in found["MonthlyCharges"]
    assert found["MonthlyCharges"]["minimum"] == 0


def test_blanks_words_and_nines_are_missing_values(tmp_path: Path) -> None:
    age, score = RNG.integers(18, 90, ROWS).astype(str), RNG.integers(1, 9, ROWS)
    age[:40], age[40:60] = "Unknown", "?"
    score[:10] = -999
    found = draft(write(tmp_path, age=age, score=score, churn=LEFT))
    assert columns(found)["age"]["missing"] == ["Unknown", "?"]
    assert columns(found)["score"]["missing"] == ["-999"]
    assert columns(found)["score"]["minimum"] == 0
    assert "'-999' taken for a missing value" in open_points(found)
    assert faults(found, tmp_path) == []


def test_constants_empty_columns_identifiers_and_days_are_left_out_and_said(tmp_path: Path) -> None:
    found = draft(
        write(
            tmp_path, country=["NL"] * ROWS, nothing=[""] * ROWS, order_id=range(ROWS), mail=[f"{i}@x.nl" for i in IDS],
            joined_at=pd.date_range("2020-01-01", periods=ROWS).astype(str), amount=AMOUNT, churn=LEFT,
        ),
        customer_id="none",
    )  # fmt: skip
    assert set(columns(found)) == {"amount", "churn"}
    for name in ("country", "nothing", "order_id", "mail", "joined_at"):
        assert f"- {name} (club.csv)" in found.text
    assert "'joined_at' is left out" in open_points(found)


def test_excel_days_are_no_numbers(tmp_path: Path) -> None:
    found = draft(write(tmp_path, signup_date=RNG.integers(43000, 45000, ROWS), amount=AMOUNT, churn=LEFT))
    assert "signup_date" not in columns(found)
    assert "serial" in found.text


def test_an_excel_sheet_is_read_as_it_is_seen(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": IDS, "since": pd.date_range("2020-01-01", periods=ROWS), "n": AMOUNT, "churn": LEFT})
    rows.to_excel(tmp_path / "club.xlsx", index=False)
    found = draft(tmp_path / "club.xlsx")
    assert set(columns(found)) == {"n", "churn"}
    assert faults(found, tmp_path) == []


def test_a_parquet_file_does(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": range(ROWS), "n": AMOUNT, "flag": [True, False] * 200, "churn": LEFT})
    rows.to_parquet(tmp_path / "club.parquet")
    found = draft(tmp_path / "club.parquet")
    assert set(columns(found)) == {"n", "flag", "churn"}
    assert faults(found, tmp_path) == []


def test_negative_charges_are_asked_about_and_not_refused(tmp_path: Path) -> None:
    amount = AMOUNT.copy()
    amount[:7] *= -1
    found = draft(write(tmp_path, charges=amount, churn=LEFT))
    assert "minimum" not in columns(found)["charges"]
    assert "7 of 400 are below 0" in open_points(found)
    assert faults(found, tmp_path) == []


def test_mixed_types_are_left_out_with_what_to_write(tmp_path: Path) -> None:
    amount = AMOUNT.astype(str)
    amount[:3] = "see note"
    found = draft(write(tmp_path, charges=amount, n=AMOUNT, churn=LEFT))
    assert "charges" not in columns(found)
    assert "'see note'" in open_points(found)


def test_numbers_as_people_write_them_are_read_by_the_signs_that_the_spec_says(tmp_path: Path) -> None:
    money = [f"{n:,.2f}" for n in AMOUNT * 1000]
    found = draft(write(tmp_path, charges=money, n=AMOUNT, churn=LEFT))
    assert columns(found)["charges"]["type"] == "number"
    assert plain(found)["source"]["format"] == {"thousands": ","}
    assert faults(found, tmp_path) == []


def test_a_code_with_zeros_in_front_stays_text(tmp_path: Path) -> None:
    found = draft(write(tmp_path, region=[f"{n:03d}" for n in RNG.integers(0, 9, ROWS)], n=AMOUNT, churn=LEFT))
    assert columns(found)["region"]["type"] == "category"
    assert faults(found, tmp_path) == []


def test_a_label_of_three_values_is_asked_about_by_name(tmp_path: Path) -> None:
    status = np.where(LEFT == "yes", "Churned", "Stayed")
    status[:50] = "Joined"
    path = write(tmp_path, status=status, n=AMOUNT)
    with pytest.raises(UsageError, match="--churned"):
        draft(path, label="status")
    with pytest.raises(UsageError, match="--leave-out"):
        draft(path, label="status", churned="Churned")
    found = draft(path, label="status", churned="Churned", leave_out=("status=Joined",))
    assert plain(found)["source"]["leave_out"] == {"status": ["Joined"]}
    assert plain(found)["label"]["retained"] == "Stayed"
    assert faults(found, tmp_path) == []
    assert "350 customers" in found.text


@pytest.mark.parametrize("values", [["no"] * ROWS, [""] * ROWS, [str(n) for n in range(ROWS)]])
def test_a_label_that_has_not_two_values_is_refused_with_those_that_have(tmp_path: Path, values: list[str]) -> None:
    with pytest.raises(UsageError, match=r"club.csv.*'left'.*--(label|leave-out)"):
        draft(write(tmp_path, left=values, n=AMOUNT, two=LEFT), label="left")


def test_two_columns_that_are_called_like_labels_are_a_question(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--label"):
        draft(write(tmp_path, churn=LEFT, exited=LEFT, n=AMOUNT))


def test_a_label_whose_name_says_nothing_needs_to_be_told_which_value(tmp_path: Path) -> None:
    path = write(tmp_path, visit=np.where(LEFT == "yes", 1, 0), n=AMOUNT)
    with pytest.raises(UsageError, match="--churned"):
        draft(path, label="visit")
    assert plain(draft(path, label="visit", churned="0"))["label"]["churned"] == "0"


@pytest.mark.parametrize(
    "said",
    [{"label": "lft"}, {"drop": ("x",)}, {"customer_id": "x"}, {"outcome": ("x",)}, {"treatment": "x"},
     {"leave_out": ("x=1",)}, {"churned": "maybe"}, {"leave_out": ("churn=maybe",)},
     {"drop": ("churn",), "label": "churn"}],
)  # fmt: skip
def test_an_option_that_names_nothing_is_refused_by_its_name(tmp_path: Path, said: dict[str, str]) -> None:
    option = next(iter(said)).replace("_", "-")
    with pytest.raises(UsageError, match=f"--{option}"):
        draft(write(tmp_path, churn=LEFT, n=AMOUNT), **said)


def test_an_action_is_never_passed_over_in_silence_nor_claimed_to_be_drawn_by_lot(tmp_path: Path) -> None:
    path = write(tmp_path, treatment=["control", "call"] * 200, n=AMOUNT, churn=LEFT)
    with pytest.raises(UsageError, match="--treatment"):
        draft(path)
    said = plain(draft(path, treatment="treatment"))
    assert said["source"]["treatment"] == {"column": "treatment", "control": "control", "arms": {"call": "call"}}
    assert said["treatment"]["randomised"] is False
    assert plain(draft(path, treatment="treatment", randomised=True))["treatment"]["randomised"] is True
    assert "treatment" in columns(draft(path, treatment="none"))


def test_no_door_is_opened(tmp_path: Path) -> None:
    said = plain(draft(write(tmp_path, id=IDS, n=AMOUNT, churn=LEFT)))
    assert said["checks"] == {}
    assert "gate" not in said
    assert "leave_out" not in said["source"]


def test_few_outcomes_are_told_with_what_cannot_be_concluded(tmp_path: Path) -> None:
    left = ["yes"] * 4 + ["no"] * (ROWS - 4)
    assert "Too few to measure" in draft(write(tmp_path, n=AMOUNT, churn=left)).text
    small = write_frame(tmp_path, pd.DataFrame({"n": AMOUNT[:120], "churn": LEFT[:120]}))
    assert "INSUFFICIENT_DATA" in draft(small).text


def test_one_per_cent_of_leavers_among_many_is_enough(tmp_path: Path) -> None:
    rows = 60_000
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"n": rng.normal(size=rows), "churn": (rng.random(rows) < 0.009).astype(int)})
    found = draft(write_frame(tmp_path, table))
    assert "INSUFFICIENT" not in found.text
    assert "0.9" in found.found[0]


def test_much_that_is_missing_is_said_with_its_share(tmp_path: Path) -> None:
    amount = pd.Series(AMOUNT).where(np.arange(ROWS) >= 160)
    found = draft(write(tmp_path, charges=amount, churn=LEFT))
    assert columns(found)["charges"]["nullable"] is True
    assert "160 blank (40.0 %)" in found.text


def test_keys_that_collide_are_refused_with_an_example(tmp_path: Path) -> None:
    ids = [*IDS[:-1], IDS[0]]
    with pytest.raises(UsageError, match=r"customer_id.*399 values in 400 rows.*'C00000'.*--customer-id"):
        draft(write(tmp_path, customer_id=ids, n=AMOUNT, churn=LEFT))


def test_copies_under_new_keys_are_told(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": IDS, "a": AMOUNT, "b": RNG.normal(size=ROWS), "c": RNG.normal(size=ROWS), "churn": LEFT})
    copies = rows.head(25).assign(id=[f"new {one}" for one in IDS[:25]])
    assert "25 rows equal an earlier one" in open_points(draft(write_frame(tmp_path, pd.concat([rows, copies]))))
    assert "equal an earlier" not in open_points(draft(write_frame(tmp_path, rows)))


def test_what_tells_the_outcome_by_itself_is_told_and_what_does_not_is_not(tmp_path: Path) -> None:
    score = np.where(LEFT == "yes", 60, 30) + RNG.integers(0, 40, ROWS)
    found = draft(
        write(tmp_path, id=IDS, reason=np.where(LEFT == "yes", "price", ""), score=score, n=AMOUNT, churn=LEFT)
    )
    told = open_points(found)
    assert "reason: predicts the outcome in 100.0 %" in told
    assert "score: ranks leavers by itself" in told
    assert " n: " not in told


@pytest.mark.parametrize(
    "name", ["a.b", 'say "x"', "it's", "名字", "🙂", "#", "- x", "null", "Yes", "1", "a: b", "value"]
)
def test_columns_may_be_called_anything(tmp_path: Path, name: str) -> None:
    found = draft(write(tmp_path, **{name: AMOUNT, "churn": LEFT}))
    assert [one for one in columns(found) if one != "churn"] == [name if name != "value" else "own_value"]
    assert faults(found, tmp_path) == []


@pytest.mark.parametrize(("header", "said"), [("a,,churn", "has no name"), ("a,a,churn", "occur twice")])
def test_blank_and_double_names_are_refused_with_the_file(tmp_path: Path, header: str, said: str) -> None:
    (tmp_path / "club.csv").write_text(f"{header}\n1,2,yes\n2,3,no\n")
    with pytest.raises(DataError, match=f"club.csv.*{said}"):
        draft(tmp_path / "club.csv")


def test_names_that_differ_by_capital_letters_are_told_apart(tmp_path: Path) -> None:
    found = draft(write(tmp_path, Plan=["a", "b"] * 200, plan=["c", "d"] * 200, churn=LEFT))
    assert columns(found)["own_plan"]["column"] == "plan"
    assert faults(found, tmp_path) == []


def test_days_become_days_until_the_table_was_taken(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("2022-01-01", periods=ROWS))
    rows = pd.DataFrame({"a": days.astype(str), "b": days.dt.strftime("%d.%m.%Y"), "n": AMOUNT, "churn": LEFT})
    rows.loc[:9, "a"] = "unknown"
    path = write_frame(tmp_path, rows)
    found = draft(path, as_of="2023-06-01")
    assert columns(found)["a"]["missing"] == ["unknown"]
    assert columns(found)["b"]["written"] == "%d.%m.%Y"
    assert faults(found, tmp_path) == []
    late = draft(path, as_of="2022-02-01")
    assert "minimum" not in columns(late)["b"]
    assert "lie after 2022-02-01" in open_points(late)
    with pytest.raises(UsageError, match="--as-of"):
        draft(path, as_of="soon")


def test_days_that_can_be_read_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, since=["01/02/2022", "03/04/2022"] * 200, n=AMOUNT, churn=LEFT)
    with pytest.raises(UsageError, match="--days-written"):
        draft(path, as_of="2023-06-01")
    said = columns(draft(path, as_of="2023-06-01", days_written="%d/%m/%Y"))
    assert said["since"]["written"] == "%d/%m/%Y"
