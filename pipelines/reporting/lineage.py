"""The lineage of data and model in the report: where both come from, in names and words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.messages.numbers import count, day, days, titled, whole
from pipelines.reporting.tables import balanced

Found = Mapping[str, Any]

FAMILIES = {"lightgbm": "LightGBM"}


def lineage(found: Found) -> list[tuple[str, list[tuple[str, str]]]]:
    """The origin of data, observations and model, in groups of name and text."""
    return [
        ("Data", list(_data(found["lineage"]))),
        ("Observations", list(_observations(found))),
        ("Model", list(_model(found))),
    ]


def _data(lineage: Found) -> Iterator[tuple[str, str]]:
    extracted, validation = lineage["tables"]["extracted_at"], lineage["validation"]
    yield "Extracted", day(extracted) if extracted else "no date in the data"
    yield from ((f"Rows of {table}", count(rows)) for table, rows in lineage["tables"]["rows"].items())
    yield from ((f"Lines read for {name}", _went(one)) for name, one in lineage["tables"]["reconciled"].items())
    if reader := lineage["tables"].get("reader"):
        yield "Reader of texts", f"{reader['model']} {reader['version']}, of texts before {day(reader['known_before'])}"
    outcome = "passed" if validation["passed"] else "not passed"
    yield "Validation", f"{outcome}, {validation['expectations']:,} expectations"


def _went(reconciled: Found) -> str:
    """What became of the lines read for a table, in words; zero counts are left out."""
    gone = {"in two files": reconciled["duplicates"], **reconciled["dropped"], **reconciled["unmapped"]}
    gone |= {"into another row of the same day": reconciled["rolled_up"], "kept": reconciled["kept"]}
    return f"{sum(reconciled['read'].values()):,}: " + ", ".join(
        f"{rows:,} {name}" for name, rows in gone.items() if rows
    )


def _observations(found: Found) -> Iterator[tuple[str, str]]:
    counts, cohort, split = found["lineage"]["counts"], found["cohort"], found["spec"]["split"]
    yield "To learn from", f"{counts['learn']:,} rows"
    yield "To score", f"{counts['score']:,} rows"
    if "left_in_the_gap" in counts:
        further = "; for effects they left" if found["uplift"]["measured"] else ""
        yield "Left in the lead time", f"{counts['left_in_the_gap']:,} rows, left out of the risk{further}"
    if "immature_dates" in counts:
        yield "Dates not yet mature", f"{counts['immature_dates']}, left out"
    yield "Gate cohort", "; ".join(_gate(cohort["dates"], split))
    if shares := balanced(found):
        bad = found["spec"]["label"]["bad"]
        yield f"Share who {bad}, in the file", shares["in_file"]
        yield f"Share who {bad}, stated", shares["stated"]
    yield "Rows judged", f"{cohort['rows']:,}, of them {cohort['untreated_rows']:,} for the risk"
    yield "Customers judged", count(cohort["customers"])
    yield "Cohort hash", cohort["hash"]


def _gate(dates: Sequence[str], split: Found) -> Iterator[str]:
    """The dates of the gate cohort, and how it was drawn."""
    if dates:
        yield days(dates)
    if split["kind"] == "random":
        why = "" if dates else ": the data hold no dates"
        yield f"drawn at random, {whole(split['gate_share'])}, seed {split['seed']}{why}"


def _model(found: Found) -> Iterator[tuple[str, str]]:
    model, lineage = found["lineage"]["model"], found["lineage"]
    yield "Family", FAMILIES.get(model["family"], titled(model["family"]))
    if found["uplift"]["measured"]:  # without actions no learner had anything to do
        yield "Learner", _learner(model["learner"])
    yield "Parameters", _settings(model["params"])
    for arm, learned in model["learned"].items():
        if learned:
            yield f"Learned for {arm.replace('_', ' ')}", _settings(learned)
    yield "Training rows", f"{model['training_rows']:,}, of them {model['untreated_rows']:,} for the risk"
    yield "Training dates", days(model["training_dates"]) if model["training_dates"] else "no dates in the data"
    yield "Study", lineage["study"]
    yield "Contract hash", lineage["contract"]


def _learner(name: str) -> str:
    """The usual name of a learner: dr_learner is the DR learner."""
    kind, _, rest = name.partition("_")
    return f"{kind.upper()} learner" if rest == "learner" else titled(name)


def _settings(values: Mapping[str, Any]) -> str:
    said = [f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()]
    return ", ".join(said) or "none"
