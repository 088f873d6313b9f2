"""What the page of effects says of a line, in English and Chinese."""

from collections.abc import Mapping
from typing import Any

from experiments.playbooks.playbook_file import NO_ACTION as NONE
from pipelines.messages.numbers import count, number
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import Both, Catalogue

TONES = {"helps": "good", "harms": "bad"}


def words() -> Catalogue:
    """The texts of the page."""
    return catalogue.of_page("effect")


def value(line: Mapping[str, Any]) -> Both:
    """What a line is about, as people say it: a date in words, and no "none"."""
    said = str(line["value"])
    if line["by"] == "round":
        return catalogue.on(said)
    if said == NONE:
        return words().both("by_none", by=words().both(f"by_{line['by']}"))
    plain = said.replace("_", " ")
    return words().named("level", plain) if line["by"] == "level" else (plain, plain)


def named(line: Mapping[str, Any]) -> Both:
    """The customers of a line: by what they are grouped, and which group."""
    by, said = words().both(f"by_{line['by']}"), value(line)
    if line["by"] == "all":
        return by
    return said if line["value"] == NONE else words().both("by_value", by=by, value=said)


def with_action(line: Mapping[str, Any]) -> Both:
    """A line's action, and of which customers where it is not all of them."""
    if line["by"] == "all":
        return line["action"], line["action"]
    return words().both("action_and", action=line["action"], of=value(line))


def sentence(line: Mapping[str, Any]) -> Both:
    """What a manager may conclude of an action, in a sentence."""
    counts, effect = line["counts"], line["effect"]
    told = {"action": line["action"], "word": words().named("word", line["word"])}
    if effect is not None and line["word"] in ("helps", "harms", "cannot tell", "shown"):
        stayed, without = (number(100 * line["stayed"][one], 1) for one in ("assigned", "withheld"))
        more, least, most = (number(100 * effect[one], 1, signed=True) for one in ("value", "low", "high"))
        return words().both(
            "sentence_effect", **told, stayed=stayed, without=without, more=more, least=least, most=most
        )
    assigned, withheld = (count(counts[one]) for one in ("assigned", "withheld"))
    customers = words().both("one_was") if counts["assigned"] == 1 else words().both("many_were", many=assigned)
    reason = words().translated(str(line["because"]))
    found = words().both("sentence_none", **told, customers=customers, withheld=withheld, reason=reason)
    if not line["missing"]:
        return found
    english, chinese = words().both("missing", missing=lacking(line["missing"]))
    return f"{found[0]} {english}", f"{found[1]}{chinese}"


def lacking(missing: list[str]) -> Both:
    """What is missing for a claim, in one list."""
    english, chinese = zip(*map(words().translated, missing), strict=True)
    return "; ".join(english), "；".join(chinese)


def detectable(line: Mapping[str, Any]) -> Both:
    """Which effect so many customers could have shown."""
    if line["detectable"] is None:
        return words().both("detectable_none")
    return words().both("detectable", points=f"{100 * line['detectable']:.1f}")
