"""Other limits and playbooks in past rounds: the same policy changes nothing, and known effects are found."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.money.risk_levels import RiskCuts
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.spec import ExperimentSpec
from features.errors import SpecError, UsageError
from pipelines.outreach import past_rounds, round_draw, what_if
from pipelines.outreach.champion_today import ChampionToday
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.opt_outs import NO_OPT_OUTS, OptedOut
from pipelines.outreach.past_rounds import PastRound
from pipelines.workspace import Workspace
from tests.pipelines.outreach.test_round_draw import spec_of

SIZE, AS_OF = 3000, date(2024, 1, 31)
CUTS = RiskCuts(0.2, 0.4, "spec")
SAVED = {NONE: 0.0, "call": 0.3, "mail": 0.05}
COSTS = {NONE: 0.0, "call": 1.0, "mail": 0.1}


def book(action: str = "call", *, above: float = 0.4) -> PlaybookFile:
    rows = {"first": {"segment": "at_risk", "action": action, "says": {"en": "Say", "zh": "说"}}}
    return PlaybookFile.model_validate(
        {"title": "Book", "segments": {"at_risk": {"feature": "score", "above": above}}, "rows": rows}
    )


def spec(**sections: object) -> ExperimentSpec:
    return spec_of("one", round={"control": 0.3, "explore": 0.4}, **sections)


def past(
    of: ExperimentSpec,
    playbook: PlaybookFile | None,
    *,
    seed: int = 0,
    established: bool = False,
    opted_out: OptedOut = NO_OPT_OUTS,
    deleted: int = 0,
) -> PastRound:
    """A round of customers whose outcomes followed from what they were assigned; some were deleted from the data."""
    gen = np.random.default_rng(seed)
    names = [f"c{place:05}" for place in range(SIZE)]
    columns = {"price": gen.uniform(0, 20, SIZE), "no_calls": (np.arange(SIZE) % 11 == 0).astype(float)}
    rows = pd.DataFrame({"customer_id": names, "value": 100.0, **columns})
    uplift = {f"uplift_{action}": gen.normal(0.05, 0.1, SIZE) for action in of.actions}
    scored = pd.DataFrame({"churn_probability": gen.uniform(0, 0.8, SIZE), **uplift})
    nobody = pd.DataFrame({"warnings": [[]] * SIZE, "customer_id": names})
    plain = past_rounds.as_then(nobody, rows, scored, established=dict.fromkeys(of.actions, established), version="1")
    today = ChampionToday(**plain, cuts=CUTS)
    bound = {"held_back": frozenset(names[1::37]), "contacted": frozenset(names[2::41]), "opted_out": opted_out}
    kept = round_draw.drafted(of, today, playbook, **bound, seed=str(seed))
    head = round_draw.made(of, today, as_of=AS_OF, seed=str(seed), by="desk", at="2024-01-31T08:00:00+00:00")
    still = gen.permutation(SIZE) >= deleted
    rows, scored = rows[still].reset_index(drop=True), scored[still].reset_index(drop=True)
    both, rows = past_rounds.together(kept, rows)
    stays = both["action"].map(SAVED).to_numpy(dtype=float)
    left = gen.random(len(both)) < both["risk"].to_numpy(dtype=float) * (1 - stays)
    known = past_rounds.as_then(
        both, rows.assign(churned=left.astype(float)), scored, established=today.established, version="1"
    )
    gone = kept[~kept["customer_id"].isin(both["customer_id"])]
    return PastRound(head, both, ChampionToday(**known, cuts=CUTS), gone, opted_out)


def truth(of: PastRound, probability: np.ndarray) -> float:
    """What a customer earns on average where actions are drawn with these probabilities."""
    risk = of.kept["risk"].to_numpy(dtype=float)[:, None]
    earned = 100.0 * (1 - risk * (1 - np.array(list(SAVED.values())))) - np.array(list(COSTS.values()))
    return float((probability * earned).sum(axis=1).mean())


@pytest.mark.parametrize("established", [True, False])
def test_the_policy_that_drew_a_round_changes_nothing_of_it(established: bool) -> None:
    of, playbook = spec(policy={"capacity": {"call": 1200}}), book()
    drawn = past(of, playbook, established=established)
    logged = pd.DataFrame(drawn.kept["probabilities"].tolist())[[NONE, *of.actions]].to_numpy()
    assert (logged[:, 0] < 1).sum() > 100
    assert np.array_equal(what_if.drawn_by(of, drawn, playbook), logged)
    found = what_if.valued(of, [drawn], playbook).found
    assert found.missing is None
    assert found.differing == 0
    assert found.gain is not None
    assert (found.gain.value, found.gain.low, found.gain.high) == (0.0, 0.0, 0.0)


NO_CALLS = frozenset(f"c{place:05}" for place in range(0, SIZE, 5))
NO_MAIL = frozenset(f"c{place:05}" for place in range(0, SIZE, 7))
NOTHING = frozenset(f"c{place:05}" for place in range(0, SIZE, 13))
OUT: OptedOut = {"call": NO_CALLS, "mail": NO_MAIL, "all": NOTHING}
LIMITED = {"capacity": {"call": 900, "mail": 0.5}, "budget_share": 0.6, "budget_money": 1000.0}
IN_FORCE = {
    "opt-outs of one action": ({}, {"opted_out": OUT}),
    "nothing explored": ({"round": {"control": 0.3, "explore": 0.0}}, {"opted_out": OUT}),
    "opt-outs in the data": ({"policy": {"opt_out": {"call": "no_calls"}}}, {}),
    "limits": ({"policy": LIMITED}, {"opted_out": OUT}),
    "customers deleted since": ({"policy": LIMITED}, {"opted_out": OUT, "deleted": 300}),
    "deleted, and a limit on calls alone": ({"policy": {"capacity": {"call": 900}}}, {"deleted": 300}),
}


@pytest.mark.parametrize("established", [True, False])
@pytest.mark.parametrize("case", IN_FORCE)
def test_the_policy_in_force_is_judged_in_its_own_rounds_whatever_bound_it(case: str, established: bool) -> None:
    """Each probability is the logged one, so each weight is 1 and the gain exactly 0."""
    sections, then = IN_FORCE[case]
    of, playbook = spec_of("one", **{"round": {"control": 0.3, "explore": 0.4}, **sections}), book()
    drawn = past(of, playbook, established=established, **then)
    logged = pd.DataFrame(drawn.kept["probabilities"].tolist())[[NONE, *of.actions]].to_numpy()
    assert (logged[:, 0] < 1).sum() > 100
    assert np.array_equal(what_if.drawn_by(of, drawn, playbook), logged)
    found = what_if.valued(of, [drawn], playbook).found
    assert (found.missing, found.differing) == (None, 0)
    assert found.gain is not None
    assert found.gain.value == 0.0


@pytest.mark.parametrize("recorded", [NO_OPT_OUTS, {"call": frozenset(f"c{place:05}" for place in range(SIZE))}])
def test_what_was_drawn_tells_more_than_when_an_opt_out_was_recorded(recorded: OptedOut) -> None:
    """Times of recording may be said wrongly: whoever could be drawn had not opted out, and who could not had."""
    of, playbook = spec(), book()
    told = past(of, playbook, established=True, opted_out={"call": NO_CALLS})
    drawn = replace(told, opted_out=recorded)
    inside = (drawn.kept["proposed"] != NONE).to_numpy()
    logged = pd.DataFrame(drawn.kept["probabilities"].tolist())[[NONE, *of.actions]].to_numpy()
    assert np.array_equal(what_if.drawn_by(of, drawn, playbook)[inside], logged[inside])


def test_who_was_not_drawn_for_an_opt_out_that_nobody_finds_any_more_stays_out() -> None:
    of, playbook = spec(), book()
    told = past(of, playbook, opted_out={"all": NOTHING})
    logged = pd.DataFrame(told.kept["probabilities"].tolist())[[NONE, *of.actions]].to_numpy()
    assert np.array_equal(what_if.drawn_by(of, replace(told, opted_out=NO_OPT_OUTS), playbook), logged)


def test_a_customer_of_negative_value_is_worth_nothing() -> None:
    drawn = past(spec(), book())
    drawn.today.rows.loc[0, "value"] = -5.0
    assert past_rounds.as_assigned(spec(), [drawn]).value[:2].tolist() == [0.0, 100.0]


def test_another_policy_is_bound_by_the_opt_outs_of_then() -> None:
    """Who wanted no mail is not asked for by a playbook of mail, and who wanted no calls is no less."""
    of = spec()
    drawn = past(of, book(), opted_out=OUT)
    asked = what_if.drawn_by(of, drawn, book("mail"))
    ids = drawn.kept["customer_id"]
    assert (asked[ids.isin(NOTHING), 0] == 1).all()
    assert (asked[ids.isin(NO_MAIL), 2] == 0).all()
    no_calls = ids.isin(NO_CALLS - NO_MAIL - NOTHING).to_numpy()
    assert (asked[no_calls, 2] > 0).any()
    # They were never drawn, as they were to be called: so nothing can be said of their mail.
    assert "could not be drawn: mail" in str(what_if.valued(of, [drawn], book("mail")).found.missing)


def test_an_action_that_came_later_takes_no_part_in_what_was_explored_before() -> None:
    drawn = past(spec(), book())
    arms = {"arms": {"call": {"cost": 1.0}, "mail": {"cost": 0.1}, "visit": {"cost": 9.0}}}
    of = spec(treatment=arms)
    found = what_if.valued(of, [drawn], book()).found
    assert (found.missing, found.differing) == (None, 0)
    assert "could not be drawn: visit" in str(what_if.valued(of, [drawn], book("visit")).found.missing)


def test_customers_whom_others_held_stay_held_in_the_past() -> None:
    of, playbook = spec(), book()
    drawn = past(of, playbook)
    chosen = drawn.kept.index[drawn.kept["proposed"] != NONE][:50]
    drawn.kept.loc[chosen, "because"] = round_draw.WITHHELD
    assert (what_if.drawn_by(of, drawn, playbook)[chosen, 0] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "playbook"),
    [({"policy": {"capacity": {"call": 900}}}, book()), ({}, book("mail")), ({}, book(above=0.6))],
    ids=["fewer calls", "mail in place of calls", "a narrower segment"],
)
def test_the_interval_covers_what_the_other_policy_earns(changed: dict, playbook: PlaybookFile) -> None:
    """40 rounds each; of 95 % intervals at least 34 of 40 cover (fewer come by chance once in 300 times)."""
    covered, gains = [], []
    for seed in range(40):
        drawn = past(spec(), book(), seed=seed)
        found = what_if.valued(spec(**changed), [drawn], playbook).found
        assert found.missing is None, found.missing
        assert found.gain is not None
        assert found.doubly_robust is not None
        policy = what_if.drawn_by(spec(**changed), drawn, playbook)
        asked = truth(drawn, policy)
        covered.append(found.doubly_robust.low <= asked <= found.doubly_robust.high)
        logged = pd.DataFrame(drawn.kept["probabilities"].tolist())[[NONE, "call", "mail"]].to_numpy()
        gains.append((found.gain.value, asked - truth(drawn, logged)))
    assert sum(covered) >= 34
    told, true = np.array(gains).T
    assert abs((told - true).mean()) < 3 * (told - true).std(ddof=1) / np.sqrt(40)
    assert true.mean() < -0.5  # calls are what helps: each of these policies is worse, and found to be
    assert told.mean() < 0


def test_what_was_never_drawn_cannot_be_judged() -> None:
    found = what_if.valued(spec(), [past(spec(), book())], book(above=0.2)).found
    assert found.missing is not None
    assert "could not be drawn: call" in found.missing
    assert found.gain is None


def test_limits_that_leave_no_room_to_explore_name_the_round() -> None:
    with pytest.raises(SpecError, match=r"the round of 2024-01-31 cannot be drafted so: .*explore less"):
        what_if.valued(spec(policy={"capacity": {"call": 3}}), [past(spec(), book())], book())


def test_too_little_overlap_is_refused_with_the_number_needed() -> None:
    """A segment that hardly differs: a few dozen customers withheld have what it asks for."""
    found = what_if.valued(spec(), [past(spec(), book())], book(above=0.42)).found
    assert found.missing is not None
    assert found.missing.startswith("too little overlap")
    assert found.missing.endswith("it takes 100")
    assert found.effective < 100


def test_an_action_that_the_spec_has_no_longer_is_named() -> None:
    fewer = spec(treatment={"arms": {"call": {"cost": 1.0}}})
    with pytest.raises(UsageError, match=r"drew \['mail'\]"):
        past_rounds.as_assigned(fewer, [past(spec(), book())])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}\n", "is empty|changes nothing"),
        ("policy: null\n", "changes nothing"),
        ("policy: {capacity: {fax: 3}}\n", "fax"),
        ("polcy: {budget_share: 0.1}\n", "polcy"),
        ("policy: {budget_share: 2}\n", "budget_share"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(SpecError, match=says):
        what_if.read(spec(), Workspace(tmp_path, "one"), tmp_path / "other.yaml")


def test_limits_of_a_file_leave_opt_outs_in_force(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("policy: {budget_share: 0.1}\n")
    of, here = spec(policy={"opt_out": {"call": "no_calls"}}), Workspace(tmp_path, "one")
    assert what_if.read(of, here, tmp_path / "other.yaml")[0].policy.opt_outs == {"call": "no_calls"}
    (tmp_path / "other.yaml").write_text("policy: {budget_share: 0.1, opt_out: no_mail}\n")
    assert what_if.read(of, here, tmp_path / "other.yaml")[0].policy.opt_outs == {"all": "no_mail"}


def test_limits_of_a_file_take_the_place_of_those_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("policy: {budget_share: 0.1}\n")
    of, here = spec(policy={"capacity": {"call": 3}}), Workspace(tmp_path, "one")
    other, playbook = what_if.read(of, here, tmp_path / "other.yaml")
    assert other.policy.budget_share == 0.1
    assert not other.policy.capacity
    assert playbook is None
    with pytest.raises(UsageError, match="no file"):
        what_if.read(spec(), Workspace(tmp_path, "one"), tmp_path / "none.yaml")
