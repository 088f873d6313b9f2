"""Rounds of two specs over one database, as months go by: controls stay controls, and the contacted have their rest."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from experiments.money.risk_levels import RiskCuts
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.spec import ExperimentSpec
from pipelines.outreach import round_draw
from pipelines.outreach.champion_today import ChampionToday
from pipelines.outreach.operations import database, rounds
from pipelines.outreach.operations.assignment_rows import NONE
from tests.specs import trial_spec

SIZE = 300
NOTHING = pd.DataFrame({"rule": [], "level": [], "owner": [], "due_at": [], "customer_id": []}, dtype=object)


def spec_of(name: str, **sections: object) -> ExperimentSpec:
    plain = {
        "name": name,
        "treatment": {"arms": {"call": {"cost": 1.0}, "mail": {"cost": 0.1}}},
        "round": {"control": 0.2, "explore": 0.1, "rest_days": 30},
        "label": {"kind": "cancelled", "lead_time_days": 14, "horizon_days": 60},
        "observations": {"first": "2024-01-31"},
        "split": {"kind": "time"},
    }
    return trial_spec(**{**plain, **sections})


def today(seed: int, *, established: bool = True, warned: pd.DataFrame = NOTHING, **columns: object) -> ChampionToday:
    """Customers of whom a third gain by each action, scored."""
    gen = np.random.default_rng(seed)
    names = [f"c{place:03}" for place in range(SIZE)]
    rows = pd.DataFrame({"customer_id": names, "value": 100.0, **columns})
    uplift = {f"uplift_{action}": gen.normal(0.0, 0.1, SIZE) for action in ("call", "mail")}
    scored = pd.DataFrame({"churn_probability": gen.uniform(0, 0.6, SIZE), **uplift})
    shown = dict.fromkeys(("call", "mail"), established)
    reasons = pd.DataFrame([[""] * 6] * SIZE)
    return ChampionToday(rows, scored, "1", shown, reasons, RiskCuts(0.2, 0.4, "given"), warned)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return database.opened(tmp_path)


def drawn(engine: sa.Engine, spec: ExperimentSpec, on: date, seed: int) -> pd.DataFrame:
    champion = today(seed)
    rest = spec.round.rest_days
    bound = {"held_back": rounds.held_back(engine, on), "contacted": rounds.contacted(engine, on, rest)}
    rows = round_draw.drafted(spec, champion, None, **bound, seed=round_draw.seed_of(spec, on))
    head = round_draw.made(spec, champion, as_of=on, seed="s", by="desk", at="2026-01-01T00:00:00+00:00")
    kept = rounds.written(engine, head, rows, rest_days=rest)
    assert kept is not None
    return kept[1].set_index("customer_id")


# The last day of each month: gaps of 28 to 31 days, some shorter than the rest and some not.
DATES = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]


def test_controls_stay_controls_and_the_contacted_rest_whichever_spec_draws(engine: sa.Engine) -> None:
    specs = [spec_of("one"), spec_of("two", label={"kind": "cancelled", "lead_time_days": 0, "horizon_days": 90})]
    found = [
        (spec, on, drawn(engine, spec, on, seed=place))
        for place, (on, spec) in enumerate((on, spec) for on in DATES for spec in specs)
    ]
    contacts = [(on, set(rows.index[rows["action"] != NONE])) for _, on, rows in found]
    assert all(some for _, some in contacts)
    for place, (spec, on, rows) in enumerate(found):
        withheld, closes = set(rows.index[rows["withheld"]]), round_draw.window_closes(spec, on)
        assert withheld
        for later, (then, contacted) in enumerate(contacts):
            if later > place and then < closes:
                assert not withheld & contacted
            if later > place and then < on + timedelta(days=30):
                assert not contacts[place][1] & contacted
                # Nor are they in a control, which a contact of the days before would spoil.
                assert not contacts[place][1] & set(found[later][2].index[found[later][2]["withheld"]])
    # The second of a day finds fewer whom it may draw, and says of the others why.
    because = found[1][2]["because"].value_counts()
    assert because[round_draw.WITHHELD] == found[0][2]["withheld"].sum()
    assert because[round_draw.CONTACTED] == len(contacts[0][1])


def test_why_is_said_of_what_the_model_decided_and_of_nothing_else() -> None:
    """Chance explores, the playbook has no effect to speak of, and whoever is withheld gets nothing."""
    asked: list[np.ndarray] = []

    def why(action: np.ndarray) -> pd.DataFrame:
        asked.append(action)
        said = np.where(action == NONE, "", action)
        return pd.DataFrame({"why_action_en": said, "why_action_zh": said}, dtype=object)

    champion = replace(today(0), established={"call": True, "mail": False}, why=why)
    bound: dict[str, frozenset[str]] = {"held_back": frozenset(), "contacted": frozenset()}
    found = round_draw.drafted(spec_of("one", playbook="book"), champion, EVERYBODY, **bound, seed="s")
    said = found["why_action"].map(tuple)
    by_model = (found["because"] == "model") & (found["action"] == found["proposed"])
    assert set(found.loc[by_model, "action"]) == {"call"}
    assert (said[by_model] == ("call", "call")).all()
    assert (said[~by_model] == ("", "")).all()
    others = found[~by_model]
    assert others["withheld"].any()
    assert (others["explored"] & (others["action"] != others["proposed"])).any()
    assert ((others["because"] == "playbook") & (others["action"] == "mail")).any()
    assert len(asked) == 1
    silent = round_draw.drafted(spec_of("one", playbook="book"), today(0), EVERYBODY, **bound, seed="s")
    assert (silent["why_action"].map(tuple) == ("", "")).all()


BOOK = PlaybookFile.model_validate(
    {
        "title": "Book",
        "segments": {"warned": {"warning": "use_is_down"}, "any": {"warning": "any"}},
        "rows": {
            "first": {"segment": "warned", "action": "call", "says": {"en": "Call", "zh": "电话"}},
            "then": {"segment": "any", "action": "mail", "says": {"en": "Mail", "zh": "邮件"}},
        },
    }
)


EVERYBODY = PlaybookFile.model_validate(
    {
        "title": "Book",
        "segments": {"all": {"feature": "value", "at_least": 0}},
        "rows": {"all": {"segment": "all", "action": "mail", "says": {"en": "Mail", "zh": "邮件"}}},
    }
)


def warned(*told: tuple[str, str, str]) -> pd.DataFrame:
    named = pd.DataFrame(told, columns=["customer_id", "rule", "owner"])
    return named.assign(level="high", due_at="2026-01-04T00:00:00")


def test_a_segment_is_of_those_with_an_open_warning() -> None:
    found = warned(("c001", "use_is_down", "desk"), ("c001", "score", "other"), ("c002", "score", "other"))
    spec = spec_of("one", round={"control": 0.0})
    champion = today(0, established=False, warned=found)
    rows = round_draw.drafted(spec, champion, BOOK, held_back=frozenset(), contacted=frozenset(), seed="7")
    rows = rows.set_index("customer_id")
    assert rows.loc[["c001", "c002", "c003"], "action"].tolist() == ["call", "mail", "none"]
    # What comes next for the first is the row that it meets as well.
    assert rows.loc[["c001", "c002", "c003"], "next_best"].tolist() == ["mail", "none", "none"]
    assert [one["rule"] for one in rows.loc["c001", "warnings"]] == ["use_is_down", "score"]
    assert rows.loc["c003", "warnings"] == []


@pytest.mark.parametrize("explore", [0.0, 0.5])
@pytest.mark.parametrize("established", [True, False])
def test_who_refuses_an_action_never_gets_it(established: bool, explore: float) -> None:
    gen = np.random.default_rng(1)
    columns = {name: gen.integers(0, 2, SIZE).astype(float) for name in ("no_calls", "no_mail", "none_at_all")}
    spec = spec_of(
        "one",
        policy={"opt_out": {"call": "no_calls", "mail": "no_mail", "all": "none_at_all"}},
        round={"control": 0.1, "explore": explore},
    )
    found = warned(*((f"c{place:03}", "use_is_down", "desk") for place in range(SIZE)))
    champion = today(1, established=established, warned=found, **columns)
    rows = round_draw.drafted(spec, champion, BOOK, held_back=frozenset(), contacted=frozenset(), seed="7")
    rows = rows.merge(champion.rows, on="customer_id")
    for action, column in (("call", "no_calls"), ("mail", "no_mail")):
        refuses = (rows[column] == 1) | (rows["none_at_all"] == 1)
        # Who refuses what the first row says is told the next row as the next best action.
        assert rows.loc[~refuses, ["action", "next_best"]].eq(action).any(axis=None)
        assert not rows.loc[refuses, ["action", "next_best"]].eq(action).any(axis=None)
        assert {one[action] for one in rows.loc[refuses, "probabilities"]} == {0.0}
    barred = (rows["none_at_all"] == 1) | ((rows["no_calls"] == 1) & (rows["no_mail"] == 1))
    assert set(rows.loc[barred, "action"]) == {"none"}
    assert "opted out" in set(rows.loc[barred, "because"])


def test_who_opted_out_since_the_data_were_read_is_not_drawn() -> None:
    out = {"all": frozenset({"c000", "c001"}), "mail": frozenset({f"c{place:03}" for place in range(100)})}
    spec = spec_of("one", round={"control": 0.1, "explore": 0.3})
    told = {"held_back": frozenset[str](), "contacted": frozenset[str](), "seed": "7"}
    champion = today(3)
    before = round_draw.drafted(spec, champion, None, **told).set_index("customer_id")
    rows = round_draw.drafted(spec, champion, None, **told, opted_out=out).set_index("customer_id")
    assert set(rows.loc[sorted(out["all"]), "because"]) == {"opted out"}
    assert set(rows.loc[sorted(out["all"]), "proposed"]) == {NONE}
    for action, refused in (("mail", out["mail"]), ("call", out["all"])):
        assert not rows.loc[sorted(refused), ["action", "proposed", "next_best"]].eq(action).any(axis=None)
        assert {one[action] for one in rows.loc[sorted(refused), "probabilities"]} == {0.0}
    assert (before.loc[sorted(out["mail"]), "proposed"] == "mail").any()
    assert rows["value"].tolist() == [100.0] * SIZE
