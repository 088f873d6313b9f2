"""The top of a report in short: can one trust it, how good is it, and what goes with leaving, in a few lines each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipelines.messages.numbers import count
from pipelines.reporting import effects, summary
from pipelines.reporting.drivers import Drivers, Factor
from pipelines.reporting.judged_figures import JudgedFigure, Tone

Found = Mapping[str, Any]

MOST_DRIVERS = 3
_LEADS: Mapping[Tone, str] = {"good": "Its percentages hold", "bad": "Its percentages do not hold"}


@dataclass(frozen=True)
class Line:
    """A line of an answer, with the tone of its mark; "" where it has none."""

    tone: Tone | None
    text: str


def trust(found: Found) -> tuple[Line, ...]:
    """What the figures of a report rest on, and whether that holds."""
    return (Line("good", _unseen(found)), _percentages(found), _checks(found["checks"]), _lottery(found))


def _unseen(found: Found) -> str:
    return f"Judged on {count(found['cohort']['customers'])} customers kept aside: it did not learn from them."


def _percentages(found: Found) -> Line:
    said, bad = summary.shares(found), found["spec"]["label"]["bad"]
    tone = summary.promises(found).tone
    lead = _LEADS.get(tone, "Whether its percentages hold, so few customers cannot tell")
    return Line(tone, f"{lead}: when it says {said.promised}, {said.observed} {bad}.")


def _checks(checks: list[Found]) -> Line:
    warned, off = (sum(1 for one in checks if one[name]) for name in ("findings", "off"))
    left = f", and {off} {'is' if off == 1 else 'are'} switched off" if off else ""
    if warned:
        return Line("bad", f"Of {len(checks)} checks of the data {warned} found something{left}.")
    return Line("open" if off else "good", f"None of {len(checks)} checks of the data found anything{left}.")


def _lottery(found: Found) -> Line:
    return {
        "by lot": Line("good", "Chance decided who got which action, so what is said of an action is its effect."),
        "observational": Line("open", "Nothing is claimed of the actions: they were not given at random."),
        "not measured": Line("open", "Whether contacting a customer helps is not measured: the data hold no actions."),
    }[effects.standing(found)]


def quality(found: Found) -> tuple[Line, ...]:
    """How good the model is, against the floors: guessing, simple scores, a random list, simple policies."""
    of_actions = [*_actions(found), *_earnings(found)] if effects.is_randomised(found) else []
    return (_ranking(found), *_simple_scores(found), _list(found), *of_actions)


def _ranking(found: Found) -> Line:
    told, floor = summary.graded(found), found["risk"]["auc"]["floor"]
    ranked = told.word if told.word.endswith("guessing") else f"Ranks customers {told.word[:1].lower()}{told.word[1:]}"
    return Line(told.tone, f"{ranked}: AUC {told.figure}, where guessing has {floor:g}.")


def _simple_scores(found: Found) -> Iterator[Line]:
    names = list(found["simple_scores"])
    beaten = [name for name, one in found["simple_scores"].items() if one["advantage"]["low"] > 0]
    if beaten:
        yield Line("good", f"Ranks them better than {' and '.join(beaten)}.")
    if not names:
        yield Line("open", "Whether a simple rule would do as well is not known: the spec names none.")


def _list(found: Found) -> Line:
    said, lift = summary.shares(found), found["risk"]["lift"]
    tone: Tone = "good" if lift["low"] > 1 else "bad" if lift["high"] < 1 else "open"
    text = said.than_chance[:1].upper() + said.than_chance[1:]
    return Line(tone, f"{text}, and it finds {said.found} of all who {found['spec']['label']['bad']}.")


def _actions(found: Found) -> Iterator[Line]:
    """The actions by what is said of them, what is established first."""
    order: list[Tone] = ["good", "bad", "open"]
    told = sorted(effects.effects(found), key=lambda one: order.index(one.tone))
    for (tone, word), group in groupby(told, key=lambda one: (one.tone, one.word)):
        names = ", ".join(f"{one.of} ({one.figure})" for one in group)
        yield Line(tone, f"{'Effect not established' if tone == 'open' else word}: {names}.")


def _earnings(found: Found) -> Iterator[Line]:
    earned, rivals = effects.earned(found), effects.hardest(found)
    beside = "" if earned.tone != "open" else ", which is not established"
    yield Line(earned.tone, f"Its advice earns {earned.figure} per customer more than contacting nobody{beside}.")
    yield from (_unbeaten(one) for one in rivals if one.tone != "good")


def _unbeaten(rival: JudgedFigure) -> Line:
    name = rival.of.removeprefix("against ")
    said = "It earns less than" if rival.tone == "bad" else "Not established: that it earns more than"
    return Line(rival.tone, f"{said} \u201c{name}\u201d.")


def strongest(drivers: Drivers, *, bad: str, good: str) -> tuple[Line, ...]:
    """The strongest factors, one of a theme, in their own units."""
    firsts = [factors[0] for _, factors in drivers.groups[:MOST_DRIVERS]]
    return tuple(Line(None, f"{_brief(one.words)}{_means(one, bad, good)}.") for one in firsts)


def _brief(words: str) -> str:
    """A factor's meaning without what it says of missing values."""
    return words.partition("; missing")[0]


def _means(one: Factor, bad: str, good: str) -> str:
    return f": {one.left} among those who {bad}, {one.stayed} among those who {good}" if one.left and one.stayed else ""
