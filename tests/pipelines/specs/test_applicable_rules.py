"""Which rules are asked, what is taken because they need it, and what a spec may say of them."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from experiments.evaluation.cohort import Cohort
from experiments.sections.gate import GateSpec
from features.errors import SpecError
from pipelines import rules
from pipelines.champion import entry_kinds
from pipelines.gate import decision_data, decisions
from pipelines.gate.decisions import ComparedModels, JudgedChallenger
from pipelines.reporting import decision_page
from pipelines.reporting.rules_in_words import called
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Mode
from pipelines.ruling.rule import Parameters
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.pipelines.reporting.decision_world import BETTER, CHAMPION, GATE, SIGNED, WORSE, _model, receipt, spec
from tests.pipelines.reporting.report_world import rows_of
from tests.pipelines.test_fuzzed_specs import TABLE
from tests.strangers import plugged

# A stranger's rule: of figures that no other rule needs, with a margin that may differ by action.
A_RULE = '''
"""No action may lose its ranking, and the top of the list must not get worse."""

from pipelines.ruling.evidence import Mode
from pipelines.ruling.rule import Finding, Status, no_worse, rule


@rule("R099", needs=("lift", "autoc"), modes=(Mode.REPLACE,), parameters={"margin": 0.5, "lift": 2.0})
def keeps_every_ranking(evidence, gate, parameters):
    """No action's AUTOC and no lift is worse than the champion's, beyond the margins."""
    actions = [name.removeprefix("autoc_") for name in evidence.figures if name.startswith("autoc_")]
    found = [no_worse(evidence, "lift", margin=parameters.of("lift"))]
    found += [no_worse(evidence, f"autoc_{one}", margin=parameters.of("margin", one)) for one in actions]
    worst = next(one for one in (Status.BROKEN, Status.UNCLEAR, Status.HOLDS) if one in {each.status for each in found})
    return Finding(worst, "; ".join(each.reason for each in found), tuple(t for each in found for t in each.thresholds))
'''


def decided(knows: float, mode: Mode = Mode.REPLACE, *, with_actions: bool = True, **gate: Any) -> dict[str, Any]:
    """The decision on a model that knows this much in the tiny world, by a spec with such a gate."""
    tiny = spec(with_actions=with_actions)
    tiny = tiny.model_copy(update={"gate": GateSpec.model_validate({**GATE, **gate})})
    cohort = Cohort(rows_of(np.random.default_rng(7), with_actions=with_actions), tiny)
    x = cohort.rows["x"].to_numpy()
    floor = _model(x, None, ()).knowing(cohort.actions)
    champion = floor if mode is Mode.FIRST else _model(x, CHAMPION, cohort.actions)
    recorded = Claims(risk=True, uplift=with_actions)
    models = ComparedModels(mode, with_actions, _model(x, knows, cohort.actions), champion, floor, recorded=recorded)
    evidence = decisions.evidence_on(cohort, models, alpha=tiny.gate.alpha)
    return decisions.decided(JudgedChallenger(evidence, True, {}, decision_data.cohort(cohort, left_out=0)), tiny)


def finding(decision: dict[str, Any], code: str) -> dict[str, Any]:
    [found] = [one for one in decision["findings"] if one["rule"] == code]
    return found


def paged(decision: dict[str, Any]) -> str:
    asked = {"challenger_version": "3", "compared_with": "2", "question": "spec-rows"}
    told = {**decision, "look": None, "reports": {}}
    body = entry_kinds.decision(asked, json.loads(json.dumps(told)), SIGNED, digest="d", approval=False)
    return decision_page.render(receipt(body), spec=spec(with_actions=True).model_dump(mode="json"), curves={})


# What a rule needs is there because it needs it.


def test_a_figure_is_compared_because_a_rule_needs_it(tmp_path: Path) -> None:
    plainly = decided(BETTER)
    with plugged(rules, tmp_path, r099_keeps_every_ranking=A_RULE):
        found = decided(BETTER)
        page = paged(found)
    more = {"lift", "autoc_call", "autoc_coupon"}
    assert set(found["pairs"]) - set(plainly["pairs"]) == more
    assert all(found["pairs"][name]["difference"] for name in more)
    assert {name: found["pairs"][name] for name in plainly["pairs"]} == plainly["pairs"]
    assert finding(found, "R099")["status"] == "holds"
    assert [one for one in found["findings"] if one["rule"] != "R099"] == plainly["findings"]
    assert "Lift" in page
    assert "R099" in page


def test_a_rules_parameters_are_the_specs_by_action_where_it_says_so(tmp_path: Path) -> None:
    with plugged(rules, tmp_path, r099_keeps_every_ranking=A_RULE):
        as_declared = finding(decided(WORSE), "R099")
        by_action = finding(
            decided(WORSE, parameters={"R099": {"margin": {"call": 1e-6, "coupon": 1e9}, "lift": 1e9}}), "R099"
        )
    asked = {one["figure"]: one["at"] for one in as_declared["thresholds"]}
    assert asked == {"lift": -2.0, "autoc_call": -0.5, "autoc_coupon": -0.5}
    asked = {one["figure"]: one["at"] for one in by_action["thresholds"]}
    assert asked == {"lift": -1e9, "autoc_call": -1e-6, "autoc_coupon": -1e9}
    assert by_action["status"] == "broken"


def test_a_figure_that_is_not_there_breaks_the_rule_that_needs_it(tmp_path: Path) -> None:
    """Also one of a name that is no metric."""
    with plugged(rules, tmp_path, r099_keeps_every_ranking=A_RULE.replace("lift", "lfit")):
        found = decided(BETTER)
    assert finding(found, "R099")["status"] == "broken"
    assert "lfit is missing" in finding(found, "R099")["reason"]
    assert found["verdict"] == "KEEP"


def test_parameters_of_an_action_that_the_spec_does_not_name_are_as_declared() -> None:
    found = Parameters({"margin": 0.5, "other": 1.0}, {"margin": {"call": 0.1}})
    assert [found.of("margin", one) for one in ("call", "coupon", None)] == [0.1, 0.5, 0.5]
    assert found.of("other", "call") == 1.0


# Not applicable.


def test_rules_without_anything_to_judge_are_not_applicable_and_hold_nothing_up() -> None:
    found = decided(CHAMPION, Mode.REFRESH, with_actions=False)
    status = {one["rule"]: one["status"] for one in found["findings"]}
    assert {code for code, one in status.items() if one == "not applicable"} == {"R006", "R013"}
    assert found["verdict"] == "REFRESH"
    assert not [one for one in found["reasons"] if "R013" in one]


# Switched off.


def test_a_rule_that_the_spec_switches_off_is_not_asked_and_its_reason_stands_in_decision_and_page() -> None:
    asked, why = decided(WORSE, Mode.REFRESH), "the list is made by hand <until June>"
    broken = [one["rule"] for one in asked["findings"] if one["status"] == "broken"]
    assert asked["verdict"] == "KEEP"
    assert "R001" in broken
    off = decided(WORSE, Mode.REFRESH, off=dict.fromkeys(broken, why))
    assert off["verdict"] != "KEEP"
    assert {finding(off, code)["status"] for code in broken} == {"switched off"}
    assert all(f"R001 switched off: the spec switches it off: {why}" in off["reasons"] for _ in broken)
    assert f"the spec switches {' and '.join(broken)} off" in off["reasons"][0]
    page = re.sub(r"</?a\b[^>]*>", "", paged(off))  # terms in it are links
    assert "the list is made by hand &lt;until June&gt;" in page
    assert f"Not applied: {' and '.join(map(called, broken))}, which the spec switches off" in page


def test_what_is_needed_by_rules_that_are_off_alone_is_not_taken(tmp_path: Path) -> None:
    with plugged(rules, tmp_path, r099_keeps_every_ranking=A_RULE):
        assert "lift" not in decided(BETTER, off={"R099": "not yet"})["pairs"]


def loaded(tmp_path: Path, **gate: Any) -> None:
    workspace = Workspace(tmp_path, "shop")
    workspace.spec_file.parent.mkdir(parents=True, exist_ok=True)
    workspace.spec_file.write_text(yaml.safe_dump({**TABLE, "gate": gate}))
    spec_files.load(workspace)


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ({"off": {"R098": "why"}}, r"gate\.off: there is no rule \['R098'\]; there are \['R001'"),
        ({"off": {"R001": " "}}, r"gate\.off\.R001: "),
        ({"off": ["R001"]}, r"gate\.off: "),
        ({"off": {"R009": "why"}}, r"gate\.off: R009 is always asked: it guards the comparison itself"),
        ({"off": {"R005": "why"}}, r"gate\.off: R005 is always asked: .* says what a promotion is for"),
        ({"parameters": {"R098": {"a": 1}}}, r"gate\.parameters: there is no rule \['R098'\]"),
        ({"parameters": {"R001": {"a": 1}}}, r"gate\.parameters\.R001: it has no \['a'\]; it has \[\]"),
        (
            {"parameters": {"R001": {"a": "x"}}},
            r"gate\.parameters\.R001\.a: 'x' is no number between .*, or one by act",
        ),
        ({"parameters": {"R001": {"a": {"call": True}}}}, r"gate\.parameters: yes and no|R001\.a: True is no number"),
        ({"parameters": {"R001": {"a": float("nan")}}}, r"gate\.parameters\.R001\.a: nan is no number"),
        ({"parameters": {"R001": {"a": 1e300}}}, r"gate\.parameters\.R001\.a: 1e\+300 is no number"),
        ({"minimum_events_of": {"cal": 3}}, r"gate\.minimum_events_of: there is no arm \['cal'\]; .*'control', 'call'"),
        ({"minimum_events_of": {"call": 0}}, r"gate\.minimum_events_of\.call: "),
    ],
)
def test_what_a_spec_must_not_say_of_rules_is_refused(tmp_path: Path, gate: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        loaded(tmp_path, **gate)


def test_what_a_spec_may_say_of_rules_is_read(tmp_path: Path) -> None:
    loaded(tmp_path, off={"R006": "the money is not ours"}, minimum_events_of={"call": 20})
    with plugged(rules, tmp_path / "rules", r099_keeps_every_ranking=A_RULE):
        loaded(tmp_path, parameters={"R099": {"margin": {"call": 0.1}, "lift": 1}})
        with pytest.raises(SpecError, match=r"gate\.parameters\.R099\.margin: there is no arm \['cal'\]"):
            loaded(tmp_path, parameters={"R099": {"margin": {"cal": 0.1}}})
        with pytest.raises(
            SpecError, match=r"gate\.parameters\.R099: it has no \['lfit'\]; it has \['lift', 'margin'\]"
        ):
            loaded(tmp_path, parameters={"R099": {"lfit": 0.1}})


def test_a_spec_that_says_nothing_new_is_written_as_it_was() -> None:
    """Its hash is part of the question that the ledger knows the answer to."""
    assert not set(GateSpec().model_dump(mode="json")) & {"off", "parameters", "minimum_events_of"}
    numbers = {"R099": {"margin": {"call": 0.1}, "lift": 2}}
    said = GateSpec.model_validate({"off": {"R001": "why"}, "minimum_events_of": {"call": 3}, "parameters": numbers})
    assert GateSpec.model_validate(said.model_dump(mode="json")) == said


# Parameters per action of the rules that there are.


def test_an_arm_may_need_fewer_events_than_the_others() -> None:
    few = decided(BETTER, minimum_events_per_arm=10_000)
    assert finding(few, "R007")["status"] == "broken"
    assert finding(few, "R007")["reason"].endswith("at least 10000")
    of_each = dict.fromkeys(("control", "call", "coupon"), 3)
    named = decided(BETTER, minimum_events_per_arm=10_000, minimum_events_of=of_each)
    assert finding(named, "R007")["status"] == "holds"
    assert finding(named, "R007")["reason"].endswith("at least 3")
    one = decided(BETTER, minimum_events_per_arm=3, minimum_events_of={"call": 10_000})
    assert finding(one, "R007")["status"] == "broken"
    assert finding(one, "R007")["reason"].endswith("at least control 3, call 10000, coupon 3")
