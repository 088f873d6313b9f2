"""Bad events: one clear line with the column, how many rows and examples; nothing is lost, nothing half-written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.cli import main
from tests.end_to_end.repository import Repository

ORDERS = "".join(f"o{n},c{n % 40},2024-0{1 + n % 5}-{1 + n % 28:02d} 10:00,{n % 9 + 1}.50\n" for n in range(400))
PEOPLE = "".join(f"c{n},2024-01-01\n" for n in range(40))
SOURCE: dict[str, Any] = {
    "kind": "event_log",
    "time_zone": "Europe/London",
    "tables": {
        "customers": {
            "files": "people.csv",
            "columns": {"customer_id": "id", "event_at": "since", "joined_at": "since"},
        },
        "transactions": {
            "files": "orders*.csv",
            "columns": {
                "transaction_id": "order_id",
                "customer_id": "who",
                "event_at": "moment",
                "kind": "'payment'",
                "amount": "paid",
            },
        },
    },
}


def write_spec(root: Path, source: dict[str, Any]) -> None:
    plain = yaml.safe_load((root / "experiments/specs/online_retail.yaml").read_text())
    (root / "experiments/specs/shop.yaml").write_text(yaml.safe_dump({**plain, "source": source}))


class Shop:
    """A copy of the repository with a spec `shop`, and what its commands say."""

    def __init__(self, repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = repository.root
        self._capsys = capsys
        self.spec()
        self.files({"people.csv": "id,since\n" + PEOPLE, "orders.csv": ORDERS})

    def spec(self, **source: Any) -> None:
        write_spec(self.root, {**SOURCE, **source})

    def files(self, contents: dict[str, str]) -> None:
        folder = self.root / "data/raw/shop"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            header = "order_id,who,moment,paid\n" if name.startswith("orders") else ""
            (folder / name).write_text(header + content)

    def run(self, *stages: str) -> tuple[int, str]:
        code = 0
        for stage in stages or ("ingest", "validate"):
            code = code or main([stage, "shop"])
        return code, self._capsys.readouterr().err


@pytest.fixture(scope="module")
def copied(copy_of_repository: Callable[[], Repository]) -> Repository:
    return copy_of_repository()


@pytest.fixture
def shop(copied: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.chdir(copied.root)
    return Shop(copied, capsys)


def tables(**transactions: Any) -> dict[str, Any]:
    plain = SOURCE["tables"]["transactions"]
    columns = {**plain["columns"], **transactions.pop("columns", {})}
    return {**SOURCE["tables"], "transactions": {**plain, **transactions, "columns": columns}}


def test_sound_events_pass_and_a_customer_without_any_is_legal(shop: Shop) -> None:
    shop.files({"people.csv": "id,since\n" + PEOPLE + "quiet,2024-01-01\n"})
    code, told = shop.run()
    assert code == 0, told
    assert "customers 41" in told


BAD_ROWS: dict[str, tuple[str, list[str]]] = {
    "one key twice": (
        "o7,c1,2024-03-08 10:00,3\n",
        ["transactions.transaction_id: must be unique: a row that corrects", "2 rows", "transaction_id=o7"],
    ),
    "one key twice at another date": (
        "o7,c7,2024-05-20 10:00,999\n",
        ["transactions.transaction_id: must be unique: a row that corrects", "2 rows", "transaction_id=o7"],
    ),
    "before joining": (
        "n1,c1,2023-12-31 23:00,3\n",
        ["transactions.event_at: must not be before the day", "2023-12-31"],
    ),
    "in 1900": ("n1,c1,1900-01-01,3\n", ["transactions.event_at: must not be before 1990-01-01: 1 row", "1900-01-01"]),
    "in 2199": ("n1,c1,2199-01-01,3\n", ["transactions.event_at: must not be after the extraction at 2024-", "2199"]),
    "a currency": (
        "n1,c1,2024-05-02,£12.50\nn2,c2,2024-05-02,12 EUR\n",
        ["transactions.amount: holds a currency", "2 rows (0.50 %)", "'£12.50', '12 EUR'"],
    ),
    "no number": ("n1,c1,2024-05-02,many\n", ["transactions.amount: cannot be read as number: 1 row", "'many'"]),
    "a stranger": ("n1,nobody,2024-05-02,3\n", ["transactions.customer_id: must occur in customers.customer_id"]),
}


@pytest.mark.parametrize("fault", BAD_ROWS)
def test_bad_rows_are_refused_with_their_column_count_and_examples(shop: Shop, fault: str) -> None:
    lines, words = BAD_ROWS[fault]
    shop.files({"orders.csv": ORDERS + lines})
    code, told = shop.run()
    assert code == 5, told
    assert "Traceback" not in told
    line = next((line for line in told.splitlines() if words[0] in line), "")
    assert line, told
    assert not [word for word in words if word not in line]


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("odd", ["1900-01-01", "2199-01-01", "2199-01-01T10:00:00Z"])
def test_the_line_that_leaves_rows_of_other_centuries_out_does_so(shop: Shop, odd: str, zone: str | None) -> None:
    """As the refusal writes it, copied into the spec."""
    shop.spec(tables=tables(recorded_in=zone))
    shop.files({"orders.csv": ORDERS + f"n1,c1,{odd},3\n"})
    code, told = shop.run()
    assert code == 5
    line = next(line for line in told.splitlines() if "transactions.event_at" in line and "drop: " in line)
    drop = yaml.safe_load(line[line.index("drop: ") :])["drop"]
    shop.spec(tables=tables(recorded_in=zone, drop=drop))
    code, told = shop.run()
    assert code == 0, told
    assert "transactions 400" in told


def test_too_few_dates_are_told_by_validate_and_its_choice_is_one(shop: Shop) -> None:
    spec = shop.root / "experiments/specs/shop.yaml"
    plain = yaml.safe_load(spec.read_text())
    asked = {"first": "2024-01-01", "every_months": 1, "look_back_days": 365}
    spec.write_text(yaml.safe_dump({**plain, "observations": asked}))
    code, told = shop.run()
    assert code == 5
    assert "spec 'shop': 2 mature observation dates are too few" in told
    assert '`observations.first: "20' in told
    asked["first"] = told.split('`observations.first: "')[1][:10]
    spec.write_text(yaml.safe_dump({**plain, "observations": asked}))
    assert shop.run("validate")[0] == 0


def test_a_correction_that_has_its_own_date_is_taken_and_one_that_moves_money_to_another_is_refused(shop: Shop) -> None:
    shop.spec(tables=tables(columns={"known_at": "moment"}))
    shop.files({"orders.csv": ORDERS + "o7,c7,2024-05-20 10:00,999\n"})
    code, told = shop.run()
    assert code == 0, told
    shop.files({"orders.csv": ORDERS + "o7,c9,2024-05-20 10:00,999\n"})
    code, told = shop.run()
    assert code == 5
    words = "transactions.customer_id: must be the same in all rows of one transaction_id: 2 rows (0.50 %), such as"
    assert words in told


TALKS = {
    "interaction_id": "ticket",
    "customer_id": "who",
    "event_at": "opened",
    "channel": "'ticket'",
    "complaint": "false",
    "resolved": "false",
}
CLOSED = {**TALKS, "resolved": "true", "resolved_at": "closed", "known_at": "closed"}
TICKETS = "ticket,who,opened,closed\nt1,c1,2024-02-01 09:00,2024-02-20 17:00\nt2,c2,2024-02-02 09:00,\n"


def test_an_outcome_that_would_be_known_at_the_opening_is_refused_and_as_a_second_row_is_taken(shop: Shop) -> None:
    shop.files({"talks.csv": TICKETS})
    export = {**TALKS, "resolved": "closed IS NOT NULL", "resolved_at": "closed"}
    shop.spec(tables={**SOURCE["tables"], "interactions": {"files": "talks.csv", "columns": export}})
    code, told = shop.run()
    assert code == 5
    words = "must not be after known_at; map the closing as a second row with its own known_at: 1 row (50.00 %)"
    assert f"interactions.resolved_at: {words}, such as '2024-02-20 17:00:00'" in told
    closing = {"files": "talks.csv", "drop": {"still open": "closed IS NULL"}, "columns": CLOSED}
    shop.spec(tables={**SOURCE["tables"], "interactions": [{"files": "talks.csv", "columns": TALKS}, closing]})
    code, told = shop.run()
    assert code == 0, told
    shop.files({"talks.csv": TICKETS.replace("2024-02-20", "2024-01-31")})
    code, told = shop.run()
    assert code == 5
    assert "interactions.resolved_at: must not be before event_at: 1 row" in told


BAD_SPECS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no SQL": (
        {"tables": tables(columns={"amount": "paid * ("})},
        ["source.tables.transactions.columns.amount", "'paid * ('"],
    ),
    "no such zone": ({"time_zone": "Europe/Lodon"}, ["source.time_zone", "'Europe/Lodon'", "Europe/London"]),
    "no such column": ({"tables": tables(columns={"amout": "1"})}, ["source.tables.transactions.columns", "amout"]),
}


@pytest.mark.parametrize("fault", BAD_SPECS)
def test_a_bad_mapping_is_refused_before_anything_is_read(shop: Shop, fault: str) -> None:
    source, words = BAD_SPECS[fault]
    shop.spec(**source)
    code, told = shop.run("ingest")
    assert code == 2, told
    assert len(told.strip().splitlines()) == 1
    assert not [word for word in words if word not in told]


BAD_FILES: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "an unknown column": (
        {"tables": tables(columns={"amount": "price"})},
        {},
        ["source.tables.transactions.columns.amount", "orders.csv", "'paid'"],
    ),
    "nothing left": (
        {"tables": tables(drop={"everything": "true"})},
        {},
        ["source.tables.transactions", "no row is left of 400", "everything 400"],
    ),
    "no rows": ({}, {"orders.csv": ""}, ["source.tables.transactions", "no row is left of 0", "the files are empty"]),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_what_the_files_do_not_have_is_named(shop: Shop, fault: str) -> None:
    source, contents, words = BAD_FILES[fault]
    shop.spec(**source)
    shop.files(contents)
    code, told = shop.run("ingest")
    assert code == 5, told
    assert len(told.strip().splitlines()) == 1
    assert not [word for word in words if word not in told]


def test_too_many_rows_that_cannot_be_mapped_are_refused_and_kept_in_a_file(shop: Shop) -> None:
    assert shop.run("ingest")[0] == 0
    before = {path: path.read_bytes() for path in (shop.root / "data/tables/shop").rglob("*.parquet")}
    shop.files({"orders.csv": ORDERS + "n1,,2024-05-02,-3\nn2,c1,=1+1,4\n"})
    code, told = shop.run("ingest")
    assert code == 5
    assert told == (
        "ingest: transactions: 0.50 % of the rows cannot be mapped (no customer_id 1, unreadable event_at 1), and"
        " source.refuse_unmapped_above allows 0 %; they are kept in state/shop/unmapped/transactions.csv,"
        " such as orders.csv: moment '2024-05-02', order_id 'n1', paid '-3' (no customer_id);"
        " orders.csv: moment '=1+1', order_id 'n2', paid '4', who 'c1' (unreadable event_at).\n"
    )
    kept = shop.root / "state/shop/unmapped/transactions.csv"
    assert sorted(kept.read_text().splitlines()) == [
        '"(file)","(reason)","moment","order_id","paid","who"',
        '"orders.csv","no customer_id","2024-05-02","n1","-3",',
        '"orders.csv","unreadable event_at","\'=1+1","n2","4","c1"',
    ]
    assert {path: path.read_bytes() for path in (shop.root / "data/tables/shop").rglob("*.parquet")} == before
    shop.spec(refuse_unmapped_above=0.01)
    assert shop.run("ingest")[0] == 0
    assert kept.exists()
    shop.files({"orders.csv": ORDERS})
    assert shop.run("ingest")[0] == 0
    assert not kept.exists()


def test_a_folder_is_added_whole_and_two_files_of_one_name_are_not(copied: Repository, tmp_path: Path) -> None:
    write_spec(copied.root, SOURCE)
    for place in ("one", "other"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "orders.csv").write_text("order_id,who,moment,paid\n" + ORDERS)
    (tmp_path / "one" / "people.csv").write_text("id,since\n" + PEOPLE)
    (tmp_path / "one" / "notes.txt").write_text("not data")
    both = copied.run("data", "shop", str(tmp_path / "one"), str(tmp_path / "other"))
    assert (both.returncode, "given twice" in both.stderr) == (2, True)
    added = copied.run("data", "shop", str(tmp_path / "one"))
    assert added.returncode == 0, added.stderr
    assert "files 2, rows 440" in added.stderr
    empty = tmp_path / "orders_2.csv"
    empty.write_text("order_id,who,moment,paid\n")
    assert "orders_2.csv holds no rows" in copied.run("data", "shop", str(empty)).stderr
