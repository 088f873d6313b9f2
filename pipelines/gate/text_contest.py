"""Readers of texts at the gate: the challenger against the champion on held-out texts that the champion did not see."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments.sections.label import LabelSpec
from experiments.statistics import rounding
from experiments.statistics.intervals import Interval
from experiments.texts.judging import codes_of, judge, macro_f1_difference
from experiments.texts.reading import CLASSES
from experiments.texts.spec import TextsSpec
from features.errors import ContractError, MissingError
from features.texts.ngrams import Places
from pipelines.champion import loading, reader_versions
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.gate import alpha_spending
from pipelines.learning import text_rows
from pipelines.models.text_readers import folders
from pipelines.ruling.verdict import WORDS, Verdict
from pipelines.workspace import Workspace

FIGURE = "macro_f1"
# A text is one unit for all time: what it says does not change with a date.
ALWAYS = LabelSpec(kind="text")
Said = tuple[pd.DataFrame | None, str]


@dataclass(frozen=True)
class TextContest:
    """A challenger, the champion if there is one, and the held-out texts; ledger is what it says so far.

    kept are the versions that were downloaded already.
    """

    spec: TextsSpec
    workspace: Workspace
    ledger: Standing
    challenger: ModelVersion
    champion: ModelVersion | None
    kept: loading.Kept

    @cached_property
    def everything(self) -> pd.DataFrame:
        """The held-out texts with what the challenger said of them when it was evaluated."""
        return held_out(self.workspace)

    @cached_property
    def unseen(self) -> pd.DataFrame:
        """Those that the champion did not learn from."""
        seen = self.seen_by_champion
        return self.everything[~self.everything["digest"].isin(seen)].reset_index(drop=True)

    @cached_property
    def seen_by_champion(self) -> frozenset[str]:
        """The digests of the texts that the champion learned from."""
        if self.champion is None:
            return frozenset()
        told = self.kept.folder(self.champion) / reader_versions.READER / folders.OUT_OF_FOLD
        return frozenset(storage.read_parquet(told)["digest"].to_pylist())

    def next_look(self) -> dict[str, Any]:
        """The next comparison, and the alpha that it spends."""
        return next_look(self.spec, self.ledger, self.unseen)

    def same(self) -> str | None:
        """On which texts challenger and champion say the same to the bit; None where they differ on one."""
        both = [self.said_by(one, self.everything)[0] for one in (self.challenger, self.champion) if one]
        if len(both) < 2 or both[0] is None or both[1] is None or reader_versions.differ(both[0], both[1]):
            return None
        return f"on {len(self.everything):,} held-out texts"

    def said_by(self, model: ModelVersion, rows: pd.DataFrame) -> Said:
        """What a registered version says of the texts of rows, or why it says nothing."""
        try:
            found = loading.predict(self.kept.predictor(model, self.ledger), rows)
        except (ContractError, MissingError, MlflowException, KeyError) as error:
            return None, f"version {model.version} does not read: {str(error).splitlines()[0]}"
        return found, ""


def held_out(workspace: Workspace) -> pd.DataFrame:
    """The held-out texts of the last evaluation."""
    rows: pd.DataFrame = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    return rows


def next_look(spec: TextsSpec, ledger: Standing, rows: pd.DataFrame) -> dict[str, Any]:
    """The next comparison on held-out texts: every different text is a unit, which brings alpha once."""
    units = pd.DataFrame({"customer_id": rows["digest"].unique()})
    units["as_of"] = pd.NaT
    cohort = hashlib.sha256(rows[["digest", "truth"]].to_csv(index=False).encode()).hexdigest()[:16]
    return alpha_spending.next_look(ledger, units, ALWAYS, cohort=cohort, alpha=spec.gate.alpha)


@dataclass(frozen=True)
class Judged:
    """What the gate says: the decision and what it rests on, and whether the challenger is in order."""

    found: dict[str, Any]
    clean: bool


def judged(contest: TextContest, *, alpha: float) -> Judged:
    """Compare the readers and rule; alpha is what this look spends, one-sided."""
    rows, gate = contest.unseen, contest.spec.gate
    texts, truth = list(rows["text"]), _codes(rows["truth"])
    counts = {name: int(np.sum(_different(rows)["truth"] == name)) for name in CLASSES}
    few = [f"{counts[name]:,} {name}" for name in _taught(contest) if counts[name] < gate.minimum_texts]
    said, fault = contest.said_by(contest.challenger, rows)
    if said is not None and reader_versions.differ(said, rows[list(said)]):
        fault = f"version {contest.challenger.version} says something else than was evaluated"
    clean = not fault
    opposing, lost = contest.said_by(contest.champion, rows) if contest.champion else (None, "")
    if fault or lost:
        return Judged(_found(contest, Verdict.CONTRACT_FAIL, [fault or lost], counts), clean)
    if few:
        why = f"of different held-out texts there are {', '.join(few)}; {gate.minimum_texts} of a class are needed"
        return Judged(_found(contest, Verdict.INSUFFICIENT_DATA, [why], counts), clean)
    given, seed, usual = codes_of(said["class"]), contest.spec.tuning.seed, _usual(contest)  # type: ignore[index]
    other = np.full(len(truth), usual) if opposing is None else codes_of(opposing["class"])
    gain = macro_f1_difference(texts, truth, challenger=given, champion=other, seed=seed, level=1 - 2 * alpha)
    figures = {"challenger": {FIGURE: judge(texts, truth, said, seed=seed).macro_f1.to_dict()}}  # type: ignore[arg-type]
    if opposing is not None:
        figures["champion"] = {FIGURE: judge(texts, truth, opposing, seed=seed).macro_f1.to_dict()}
    verdict, words = _ruled(gain, alpha=alpha, floor="" if contest.champion else CLASSES[usual])
    return Judged(_found(contest, verdict, [words], counts, pairs={FIGURE: gain.to_dict()}, figures=figures), clean)


def _ruled(gain: Interval, *, alpha: float, floor: str) -> tuple[Verdict, str]:
    """The verdict on a difference of macro-F1, and its reason."""
    against = f"always saying {floor}" if floor else "the champion"
    words = (
        f"macro-F1 less that of {against}: {gain.value:+.4f}, between {gain.low:+.4f} and {gain.high:+.4f}"
        f" (one-sided alpha {alpha:.3g})"
    )
    if gain.low > 0:
        return (Verdict.FIRST_CHAMPION if floor else Verdict.PROMOTE), words
    if gain.high <= 0:
        return (Verdict.NO_CHAMPION if floor else Verdict.KEEP), words
    return Verdict.INCONCLUSIVE, words


def _found(
    contest: TextContest,
    verdict: Verdict,
    reasons: list[str],
    counts: Mapping[str, int],
    *,
    pairs: Mapping[str, Any] | None = None,
    figures: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The decision as an entry of the ledger holds it."""
    words = "better than the champion" if verdict is Verdict.PROMOTE else WORDS[verdict]
    plain: dict[str, Any] = rounding.plain({"pairs": pairs or {}, "figures": figures or {}})
    return {
        **plain,
        "verdict": verdict.value,
        "reasons": [words, *reasons],
        "mode": "first" if contest.champion is None else "replace",
        "primary": FIGURE,
        "cohort": {"rows": len(contest.unseen), "seen": len(contest.everything) - len(contest.unseen), **counts},
        "gate": contest.spec.gate.model_dump(mode="json"),
        "known_before": contest.spec.known_until,
    }


def _different(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates(["digest", "truth"])


def _codes(names: pd.Series) -> Places:
    return np.array([CLASSES.index(one) for one in names], dtype=np.int64)


def _taught(contest: TextContest) -> list[str]:
    """The classes that the challenger learned."""
    taught = set(text_rows.read(contest.workspace).teaching.rows["class"])
    return [name for name in CLASSES if name in taught]


def _usual(contest: TextContest) -> int:
    """The most frequent class of the texts that teach, as an index of CLASSES."""
    counts = np.bincount(text_rows.read(contest.workspace).teaching.classes, minlength=len(CLASSES))
    return int(counts.argmax())
