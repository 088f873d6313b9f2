"""What a run says of a version that shadows the champion: it waits, goes on, is promoted or rejected, or has ended."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from experiments.spec import ExperimentSpec
from pipelines.champion import entry_kinds, loading, model_versions, shadow_entries
from pipelines.champion.ledger import Entry
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import CAME_TRUE, Standing
from pipelines.files import storage
from pipelines.gate import alpha_spending, decisions, shadow_contest, shadow_progress
from pipelines.gate.decisions import JudgedChallenger
from pipelines.gate.shadow_contest import ShadowContest
from pipelines.gate.shadow_progress import Progress
from pipelines.gate.shadow_scoring import newest_moment
from pipelines.models import portable, provenance
from pipelines.outreach.operations import database, shadow_scores
from pipelines.ruling.verdict import MOVES, Verdict
from pipelines.workspace import Workspace

Body = Mapping[str, Any]
Keep = Callable[[Body, Mapping[str, Any]], None]
# After so many times the dates that the spec asks for it is decided for good.
MOST = 3
CANNOT_TELL = (Verdict.INCONCLUSIVE, Verdict.INSUFFICIENT_DATA)


@dataclass(frozen=True)
class Shadowing:
    """A version that shadows by the ledger, and the newest challenger, which waits for it.

    keep stores what the page of a decision needs beside the ledger.
    """

    spec: ExperimentSpec
    workspace: Workspace
    writer: LedgerWriter
    standing: Standing
    newest: str
    keep: Keep

    @cached_property
    def began(self) -> Entry:
        """The entry since which it shadows."""
        return self.standing.began_to_shadow

    @cached_property
    def version(self) -> str:
        """Its version."""
        return str(self.began.body["challenger_version"])

    @cached_property
    def progress(self) -> Progress:
        """The dates that were scored, and whose outcomes are known."""
        return shadow_progress.of(self.spec, self.workspace, self.began)

    @cached_property
    def last(self) -> Entry:
        """The last entry that says of it anything but that it was frozen."""
        about = [one for one in self.standing.entries if one.body["challenger_version"] == self.version]
        return next(one for one in reversed(about) if one.body["verdict"] == Verdict.SHADOWING)

    @property
    def ends(self) -> str:
        """Why it ends without a decision, "" where it does not."""
        if self.spec.gate.shadow is None:
            return "the spec no longer says gate.shadow"
        why = self.writer.lost(self.standing, self.version)
        return f"it is lost: {why}" if why else ""

    def known(self, freeze: Body | None) -> Body | None:
        """The answer that needs no comparison; None where it is to be compared now."""
        if not self._is_due:
            return self._waits("")
        if self._is_final or not (lacking := self.contest.lacking()):
            return self._answered(freeze)
        return self._waits(lacking)

    def judged(self, freeze: Body | None) -> Entry:
        """Compare by what came true, and write the decision."""
        asked, writer = self._asked(), self.writer
        judged, found = self._found(asked)
        digest = model_versions.digest_of(self.contest.challenger)
        body = entry_kinds.decision(asked, found, writer.signed, digest=digest, approval=self.spec.gate.approval)
        if freeze and body["verdict"] in MOVES:
            body = entry_kinds.held_back(body, found, freeze)
        elif body["verdict"] in CANNOT_TELL and not self._is_final:
            body = shadow_entries.shadowing(body, found, self._told())
        self.keep(body, judged.curves)
        return writer.write(self.standing, body)

    def _found(self, asked: Body) -> tuple[JudgedChallenger, Body]:
        """The evidence, and what `entry_kinds.decision` takes."""
        contest, days, answer = self.contest, self.progress.mature, self.standing.answer(asked)
        rows, digest, alpha = contest.unseen, contest.cohort.digest, self.spec.gate.alpha
        look = answer.body["look"] if answer else None
        look = look or alpha_spending.next_look(self.standing, rows, self.spec.label, cohort=digest, alpha=alpha)
        judged = decisions.judge(contest, alpha=look["alpha"])
        decided = decisions.decided(judged, contest.spec)
        first, *others = decided["reasons"]
        by = f"by what came true of {len(days)} dates that both had scored: {', '.join(days)}"
        if self.newest != self.version:
            others = [f"version {self.newest}, the newest challenger, was not judged", *others]
        return judged, {
            **decided,
            "reasons": [first, by, *others],
            "look": look if judged.evidence.figures else None,
            "reports": {
                "challenger": model_versions.report_digest(contest.challenger),
                "champion": model_versions.report_digest(contest.champion) if contest.champion else None,
            },
            "files": loading.files_of(contest.challenger, self.standing),
            CAME_TRUE: {"dates": list(days), "scores": shadow_scores.digest(self._kept)},
            "shadow": self._told(),
        }

    @cached_property
    def contest(self) -> ShadowContest:
        """Both models on the kept scores of all dates whose outcomes are known."""
        return shadow_contest.of_scores(self.spec, self.workspace, self.standing, self.writer.client, self._kept)

    @cached_property
    def _kept(self) -> pd.DataFrame:
        engine = database.opened(self.workspace.root)
        return shadow_scores.read(
            engine, shadow_scores.Pair(self.spec.name, self.version, self.progress.champion), self.progress.mature
        )

    @property
    def _is_final(self) -> bool:
        return len(self.progress.mature) >= MOST * self.progress.dates

    @property
    def _is_due(self) -> bool:
        """Whether the outcomes of enough dates are known, and of others than at the last comparison."""
        compared = self.last.body.get(CAME_TRUE, {}).get("dates", [])
        enough = len(self.progress.mature) >= self.progress.dates
        return enough and list(self.progress.mature) != compared

    def _asked(self) -> dict[str, Any]:
        kept = hashlib.sha256(f"{self.contest.cohort.digest} {shadow_scores.digest(self._kept)}".encode()).hexdigest()
        question = f"{provenance.spec_hash(self.spec)}-shadow-{kept[:16]}"
        return {"challenger_version": self.version, "compared_with": self.standing.champion, "question": question}

    def _answered(self, freeze: Body | None) -> Body | None:
        """The decision that a freeze holds back, while it is that freeze."""
        answer = self.standing.answer(self._asked())
        is_held = answer is not None and answer.body["verdict"] == Verdict.FROZEN and answer.body["freeze"] == freeze
        return answer.receipt if answer and is_held else None

    def _waits(self, lacking: str) -> Body:
        said = self.progress.lines(self.last, newest=self.newest, lacking=lacking)
        return shadow_entries.waits(self.last, said, self._told())

    def _told(self) -> dict[str, Any]:
        return {**self.began.body["shadow"], **self.progress.plain}


def begins(workspace: Workspace, decided: Body, found: Body, *, dates: int) -> Body:
    """A decision of the rules to promote, where the challenger is to shadow the champion first.

    Kept with it are the newest moment of the data, from which on dates count, and the probability of the prior model.
    """
    rows = storage.read_parquet(workspace.evaluation / "gate.parquet").slice(0, 1).to_pandas()
    prior = float(portable.scorer(workspace.model / "floor").score(rows)["churn_probability"].iloc[0])
    began = {"dates": dates, "from": newest_moment(workspace).isoformat(), "prior": prior}
    return shadow_entries.shadowing(decided, found, began)
