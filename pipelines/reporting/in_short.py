"""The short lines on top of the report: can it be trusted, how good is it, what drives churn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipelines.messages.numbers import count
from pipelines.reporting import effects, summary
from pipelines.reporting.drivers import Drivers, Factor
from pipelines.reporting.judged_figures import JudgedFigure, Tone
from pipelines.ruling.effect_evidence import NOT_MEASURED, OBSERVATIONAL, RANDOMISED

Found = Mapping[str, Any]

MOST_DRIVERS = 3
_LEADS: Mapping[Tone, str] = {"good": "Its percentages hold", "bad": "Its percentages do not hold"}


@dataclass(frozen=True)
class AnswerLine:
    """A line of an answer, with the tone of its mark; "" where it has none."""

    tone: Tone | None
    text: str


def trust(found: Found) -> tuple[AnswerLine, ...]:
    """Whether the figures can be trusted: unseen customers, calibration, checks of the data, randomisation."""
    return (
        AnswerLine("good", _unseen(found)),
        _percentages_line(found),
        _checks(found["checks"]),
        _randomisation(found),
    )


def _unseen(found: Found) -> str:
    return f"Judged on {count(found['cohort']['customers'])} held-out customers: it was not trained on them."


def _percentages_line(found: Found) -> AnswerLine:
    said, bad = summary.shares(found), found["spec"]["label"]["bad"]
    tone = summary.percentages(found).tone
    lead = _LEADS.get(tone, "Whether its percentages hold is not shown with so few customers")
    return AnswerLine(tone, f"{lead}: for example, when it says {said.predicted}, {said.observed} {bad}.")


def _checks(checks: list[Found]) -> AnswerLine:
    """The numbers of checks with findings, with accepted findings, and switched off; good if all are 0."""
    warned, off = (sum(1 for one in checks if one[name]) for name in ("findings", "off"))
    accepted = summary.accepted(checks)
    left = f", and {off} {'is' if off == 1 else 'are'} switched off" if off else ""
    if not warned and not accepted:
        return AnswerLine("open" if off else "good", f"None of {len(checks)} checks of the data found anything{left}.")
    counts = {"something": warned, "what the spec accepts": accepted}
    told = ", ".join(f"{number} found {what}" for what, number in counts.items() if number)
    return AnswerLine("bad" if warned else "open", f"Of {len(checks)} checks of the data {told}{left}.")


def _randomisation(found: Found) -> AnswerLine:
    return {
        RANDOMISED: AnswerLine("good", "The actions were randomised, so differences between the groups are effects."),
        OBSERVATIONAL: AnswerLine("open", "No effect is claimed: the actions were not randomised."),
        NOT_MEASURED: AnswerLine(
            "open", "Whether contacting a customer helps is not measured: the data have no actions."
        ),
    }[effects.effect_evidence(found)]


def quality(found: Found) -> tuple[AnswerLine, ...]:
    """How good the model is, compared with guessing, simple scores, a random list and simple policies."""
    of_actions = [*_actions(found), *_earnings(found)] if effects.is_randomised(found) else []
    return (_ranking(found), *_simple_scores(found), _list(found), *of_actions)


def _ranking(found: Found) -> AnswerLine:
    told, guessing = summary.graded(found), found["risk"]["auc"]["floor"]
    ranked = told.word if told.word.endswith("guessing") else f"Ranks customers {told.word[:1].lower()}{told.word[1:]}"
    return AnswerLine(told.tone, f"{ranked}: AUC {told.figure}, where guessing has {guessing:g}.")


def _simple_scores(found: Found) -> Iterator[AnswerLine]:
    names = list(found["simple_scores"])
    beaten = [name for name, one in found["simple_scores"].items() if one["advantage"]["low"] > 0]
    if beaten:
        yield AnswerLine("good", f"Ranks them better than {' and '.join(beaten)}.")
    if not names:
        yield AnswerLine("open", "Whether a simple rule would do as well is not known: the spec names none.")


def _list(found: Found) -> AnswerLine:
    said, lift = summary.shares(found), found["risk"]["lift"]
    tone: Tone = "good" if lift["low"] > 1 else "bad" if lift["high"] < 1 else "open"
    return AnswerLine(tone, f"{said.than_chance}; that is {said.found} of all who {found['spec']['label']['bad']}.")


def _actions(found: Found) -> Iterator[AnswerLine]:
    """The actions, grouped by verdict, established effects first."""
    order: list[Tone] = ["good", "bad", "open"]
    told = sorted(effects.effects(found), key=lambda one: order.index(one.tone))
    for (tone, word), group in groupby(told, key=lambda one: (one.tone, one.word)):
        names = ", ".join(f"{one.of} ({one.figure})" for one in group)
        yield AnswerLine(tone, f"{'Effect not established' if tone == 'open' else word}: {names}.")


def _earnings(found: Found) -> Iterator[AnswerLine]:
    earned, simple_policies = effects.earned(found), effects.best_rivals(found)
    beside = "" if earned.tone != "open" else ", which is not established"
    yield AnswerLine(
        earned.tone,
        f"Its advice earns {earned.figure} per customer, contacted or not, more than contacting nobody{beside}.",
    )
    yield from (_unbeaten(one) for one in simple_policies if one.tone != "good")


def _unbeaten(rival: JudgedFigure) -> AnswerLine:
    name = rival.of.removeprefix("against ")
    said = "It earns less than" if rival.tone == "bad" else "Not established: that it earns more than"
    return AnswerLine(rival.tone, f"{said} \u201c{name}\u201d.")


def strongest(drivers: Drivers, *, bad: str, good: str) -> tuple[AnswerLine, ...]:
    """The strongest drivers, one per theme, in their own units."""
    firsts = [factors[0] for _, factors in drivers.groups[:MOST_DRIVERS]]
    return tuple(AnswerLine(None, f"{_brief(one.words)}{_means(one, bad, good)}{_known(one)}.") for one in firsts)


def _known(one: Factor) -> str:
    """For how many customers a factor is known, where that is clearly not for all."""
    return f" (known for {share_known})" if (share_known := one.known) else ""


def _brief(words: str) -> str:
    """A factor's meaning without its note on missing values."""
    return words.partition("; missing")[0]


def _means(one: Factor, bad: str, good: str) -> str:
    return f": {one.left} among those who {bad}, {one.stayed} among those who {good}" if one.left and one.stayed else ""
