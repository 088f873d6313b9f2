"""The forms of a run's summary: Markdown for people, JUnit for test reports, and annotations of GitHub."""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from pipelines.reporting.run_summary import ComparedRow, Examined, RunSummary

MARKS = {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"}
TONES = {"good": "✅", "bad": "❌", "open": "⚠️"}
HEADS = ("figure", "this version", "compared with", "difference (interval)", "rule")
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# How an annotation of GitHub's runners writes what would end it.
ESCAPES = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))


def markdown(told: RunSummary) -> str:
    """The summary as Markdown: verdict, figures, what was refused, drift, and where to look."""
    parts = [
        f"## {TONES[told.tone]} {told.spec}: {_plain(told.headline)}",
        "\n".join(_plain(one) for one in told.sentences),
        _said(told.errors),
        _list("Next", told.next_steps),
        _table(told.figures),
        _list("Findings", [f"{MARKS[one.outcome]} {one.name}: {_plain(one.sentence)}" for one in _faults(told)]),
        _list("What moved in the data", [_plain(one) for one in told.drifts]),
        _list("Where to look", [*(f"{name}: `{place}`" for name, place in told.links.items()), *_origin(told)]),
        f"Exit code {told.code}: {told.meaning}.{_counted(told.examined)}",
    ]
    return _allowed("\n\n".join(filter(None, parts)) + "\n")


def _said(errors: Sequence[str]) -> str:
    """The last lines of a run, as they were, in a block of code that they cannot end."""
    lines = [line.replace("`", "'") for error in errors for line in error.splitlines()]
    return "\n".join(["**What the run said**", "", "```text", *lines, "```"]) if lines else ""


def _plain(text: str) -> str:
    """Text in which Markdown sees no table, link or HTML; code in backticks stays."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {line}" for line in lines)]) if lines else ""


def _table(rows: Sequence[ComparedRow]) -> str:
    if not rows:
        return ""
    cells = [(one.figure, one.challenger, one.champion, one.difference, one.rule) for one in rows]
    lines = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in (HEADS, *cells)]
    return "\n".join([lines[0], "|---" * len(HEADS) + "|", *lines[1:]])


def _faults(told: RunSummary) -> list[Examined]:
    return [one for one in told.examined if one.outcome in ("failed", "warned")]


def _origin(told: RunSummary) -> Iterable[str]:
    return (f"{name}: `{value}`" for name, value in told.origin.items())


def _counted(examined: Sequence[Examined]) -> str:
    """How many rules and checks there were, by outcome."""
    outcomes = [one.outcome for one in examined]
    counts = [f"{outcomes.count(one):,} {one}" for one in MARKS if one in outcomes]
    return f" Examined: {', '.join(counts)}." if counts else ""


def junit(told: RunSummary) -> bytes:
    """The summary as JUnit's XML: a test case for each rule, check and expectation, and one for the run itself.

    A run that ended without a decision is an error; a rule that could not be told is skipped, with its reason.
    """
    cases = list(told.examined)
    suite = ElementTree.Element("testsuite", name=f"holdfast {told.spec}", tests=str(len(cases) + 1))
    whole = _case(suite, "run", "decision")
    if told.verdict:
        ElementTree.SubElement(whole, "system-out").text = _allowed(told.headline)
    else:
        reason = "\n".join(told.errors) or told.meaning
        ElementTree.SubElement(whole, "error", message=_allowed(told.headline)).text = _allowed(reason)
    for one in cases:
        case = _case(suite, one.kind, one.name)
        if one.outcome == "failed":
            ElementTree.SubElement(case, "failure", message=_allowed(one.sentence))
        elif one.outcome == "skipped":
            ElementTree.SubElement(case, "skipped", message=_allowed(one.sentence))
        elif one.outcome == "warned":
            ElementTree.SubElement(case, "system-out").text = _allowed(one.sentence)
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", str(len(suite.findall("*/error"))))
    suite.set("skipped", str(len(suite.findall("*/skipped"))))
    ElementTree.indent(suite)
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))


def _case(suite: ElementTree.Element, kind: str, name: str) -> ElementTree.Element:
    named = f"{suite.get('name')}.{kind}".replace(" ", "_")
    return ElementTree.SubElement(suite, "testcase", classname=named, name=_allowed(name), time="0")


def _allowed(text: str) -> str:
    """Text without the characters that XML 1.0 or UTF-8 cannot hold."""
    return FORBIDDEN.sub("?", text)


def annotations(told: RunSummary) -> list[str]:
    """Lines by which GitHub's runners mark what was refused (error) and what is in doubt (warning)."""
    kinds = {"failed": "error", "warned": "warning"}
    lines = [_annotation("error", told.spec, one) for one in (told.errors if not told.verdict else ())]
    return [
        *lines,
        *(_annotation(kinds[one.outcome], f"{told.spec} {one.name}", one.sentence) for one in _faults(told)),
    ]


def _annotation(kind: str, title: str, text: str) -> str:
    for found, written in ESCAPES:
        text, title = text.replace(found, written), title.replace(found, written)
    title = title.replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{text}"
