"""Which rules apply to a challenger, what they need, and the spec's parameters for them."""

from collections.abc import Iterator, Mapping

from experiments.sections.gate import GateSpec
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from features.plugins import discover
from features.tables import CONTROL
from pipelines import rules
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Parameters, Rule, Status


def of_mode(mode: Mode) -> list[Rule]:
    """The rules of a mode, including those that a spec switches off."""
    return [rule for rule in discover(rules, Rule).values() if mode in rule.modes]


def needed(mode: Mode, gate: GateSpec) -> frozenset[str]:
    """The figures and evidence fields that the spec's rules need in a mode."""
    return frozenset(name for rule in of_mode(mode) if rule.code not in gate.off for name in rule.needs)


def asked(rule: Rule, evidence: Evidence, gate: GateSpec) -> Finding:
    """The finding of a rule with the spec's parameters; where the spec switches it off, that, with its reason."""
    if why := gate.off.get(rule.code):
        return Finding(Status.OFF, f"the spec switches it off: {why}")
    if rule.parameters:
        return rule.judge(evidence, gate, Parameters(rule.parameters, gate.parameters.get(rule.code, {})))
    return rule.judge(evidence, gate)


def check(spec: ExperimentSpec) -> None:
    """Raise SpecError when `gate` names an unknown rule, parameter or arm, or switches off an obligatory rule.

    A rule that guards the comparison itself, or says what a promotion is for, is always asked.
    """
    found = {rule.code: rule for rule in discover(rules, Rule).values()}
    if told := next(_wrong(spec, found), None):
        raise SpecError(f"spec '{spec.name}': gate.{told}.")


def _wrong(spec: ExperimentSpec, found: Mapping[str, Rule]) -> Iterator[str]:
    gate, arms = spec.gate, (CONTROL, *spec.actions)
    if unknown := sorted(set(gate.minimum_events_of) - set(arms)):
        yield f"minimum_events_of: there is no arm {unknown}; there are {list(arms)}"
    for key, named in (("off", gate.off), ("parameters", gate.parameters)):
        if unknown := sorted(set(named) - found.keys()):
            yield f"{key}: there is no rule {unknown}; there are {sorted(found)}"
    for code in gate.off:
        if code in found and not found[code].can_be_off:
            free = sorted(code for code, rule in found.items() if rule.can_be_off)
            yield (
                f"off: {code} is always asked: it guards the comparison itself, or says what a promotion is for; of the"
                f" others, {free}, each may be switched off"
            )
    for code, said in gate.parameters.items():
        declared = found[code].parameters if code in found else {}
        if unknown := sorted(set(said) - declared.keys()):
            yield f"parameters.{code}: it has no {unknown}; it has {sorted(declared)}"
        for name, number in said.items():
            if isinstance(number, Mapping) and (unknown := sorted(set(number) - set(arms))):
                yield f"parameters.{code}.{name}: there is no arm {unknown}; there are {list(arms)}"
