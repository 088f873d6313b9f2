"""How a challenger of any kind is decided on and written into the ledger; what decides is the kind's own."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.champion import announcing, describing, entry_kinds, freezing, model_versions, shadow_entries
from pipelines.champion.ledger import Entry, TakenError
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import CAME_TRUE, Standing
from pipelines.files import storage
from pipelines.gate import decision_page_file
from pipelines.messages import log
from pipelines.models import provenance
from pipelines.ruling.verdict import EXIT_CODES, MOVES, Verdict
from pipelines.workspace import Workspace

# What was lacking then may be there now, so these answers are not taken from the ledger.
ASKED_AGAIN = (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA)
# Where there is a champion already, which a challenger may shadow first.
TO_REPLACE = (Verdict.PROMOTE, Verdict.REFRESH)
Question = dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """What a comparison found, as `entry_kinds.decision` takes it.

    clean: the challenger loads and is what was judged, so that a person may force it. curves are for the page alone.
    """

    found: Mapping[str, Any]
    clean: bool
    curves: Mapping[str, Any]


@dataclass(frozen=True)
class Promotion(ABC):
    """A challenger, where it is judged and recorded, and the reason if forced (else empty)."""

    workspace: Workspace
    registrar: LedgerWriter
    version: str
    force: str
    spec: ExperimentSpec | TextsSpec

    @abstractmethod
    def same(self, challenger: ModelVersion, champion: ModelVersion, standing: Standing) -> str | None:
        """The rows on which both say the same to the bit; None where they differ anywhere."""

    @abstractmethod
    def compared(
        self, standing: Standing, models: tuple[ModelVersion, ModelVersion | None], known: Mapping[str, Any] | None
    ) -> Compared:
        """What the rules say of the challenger and the champion, at the next comparison or at a known one."""

    @abstractmethod
    def keep(self, body: Mapping[str, Any], curves: Mapping[str, Any]) -> None:
        """Store what the page of a decision needs and the ledger does not hold."""

    def of_shadow(self, standing: Standing) -> Mapping[str, Any] | None:
        """What is said of the version that shadows; None once it has ended without a decision."""
        raise NotImplementedError(f"no {type(self).__name__} lets a version shadow: {standing.shadow}")

    def begins_to_shadow(self, body: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002 - of kinds that shadow
        """The decision to promote, or in its place that the challenger shadows the champion first."""
        return body

    def run(self) -> int:
        """Decide once; write ledger, `decision.json` and its page, and move the alias; give the verdict's exit code.

        The entry is written first, then the receipt, then the alias moves: who is stopped between is finished by the
        next run.
        """
        spec, workspace, writer = self.spec, self.workspace, self.registrar
        before = writer.seen()[0] if self.force else Standing(spec.name)
        decision = self.decision()
        storage.write_json(workspace.decision, decision)
        writer.project()
        decision_page_file.write_page(spec, workspace, decision)
        if decision["verdict"] != Verdict.NO_CHANGE:
            describing.decided(writer.client, spec, workspace, decision)
        if over := shadow_entries.over(before, writer.seen()[0]):
            log.note(f"promote {spec.name}: {over}")
        log.done("promote", spec.name, verdict=decision["verdict"], words=decision["words"])
        return EXIT_CODES[Verdict(decision["verdict"])]

    def decision(self) -> Mapping[str, Any]:
        """The decision; after losing a race with another gate, the challenger is judged against the new champion."""
        while True:
            with suppress(TakenError):
                standing, finished = self.registrar.reconciled()
                head = standing.decided
                about = head.body["challenger_version"] if head and CAME_TRUE in head.body else self.version
                finished = finished or announcing.is_untold(self.workspace, standing, about)
                if self.force:
                    freezing.refuse(standing, self.registrar.signed.at, "nobody is forced")
                announcing.begin(self.workspace, standing)
                if finished and head and head.body["verdict"] and head.body["challenger_version"] == about:
                    return head.receipt
                self.registrar.check_champion(standing)
                asked = self.asked(standing)
                freeze = self._freeze(standing)
                if standing.shadow and not self.force:
                    found = self.of_shadow(standing)
                else:
                    found = self.settled(standing, asked) or self._judged(standing, asked)
                    if found["verdict"] == Verdict.SHADOWING:
                        continue  # what is said of it from now on is said at once
                if found is None:
                    continue
                return {**found, "freeze": freeze} if freeze else found

    def asked(self, standing: Standing) -> Question:
        """The identity of the question: equal challenger, champion, spec and rows get the same answer."""
        rows = storage.digest(self.workspace.evaluation / "gate.parquet")
        return {
            "challenger_version": self.version,
            "compared_with": standing.champion,
            "question": f"{provenance.spec_hash(self.spec)}-{rows}",
        }

    def settled(self, standing: Standing, asked: Question) -> Mapping[str, Any] | None:
        """An answer that needs no comparison and changes nothing: the ledger is not written."""
        known, answer = standing.about(self.version), standing.answer(asked)
        if known and standing.champion == self.version:
            return entry_kinds.unchanged(known, asked)
        if self.force:
            return None
        if known and (refused := self._refused(standing, known, asked)):
            return refused
        if answer is None or answer.body["verdict"] in ASKED_AGAIN or not standing.holds(answer):
            return None
        if answer.body["verdict"] == Verdict.FROZEN and answer.body["freeze"] != self._freeze(standing):
            return None  # that freeze is over, or another has taken its place
        return answer.receipt

    def _refused(self, standing: Standing, known: Entry, asked: Question) -> Mapping[str, Any] | None:
        """The answer to a version that does not come back by itself: rolled back, or rejected after it shadowed."""
        if self.version in standing.withdrawn:
            return entry_kinds.withdrawn(known, standing.withdrawn[self.version], asked)
        if self.version in standing.kept_out:
            return shadow_entries.kept_out(known, standing.kept_out[self.version], asked)
        return None

    def _freeze(self, standing: Standing) -> Mapping[str, Any] | None:
        """The freeze that holds now."""
        return standing.frozen(self.registrar.signed.at)

    def _judged(self, standing: Standing, asked: Question) -> Mapping[str, Any]:
        """Judge and write the ledger; a repeated question is not a new comparison or entry."""
        writer, answer = self.registrar, standing.answer(asked)
        challenger = model_versions.version(writer.client, writer.spec, self.version)
        digest, champion = model_versions.digest_of(challenger), None
        if standing.champion:
            champion = model_versions.version(writer.client, writer.spec, standing.champion)
            if alike := self.same(challenger, champion, standing):
                return entry_kinds.same(asked, writer.signed, digest=digest, compared=alike)
        judged = self.compared(standing, (challenger, champion), answer.body["look"] if answer else None)
        body = entry_kinds.decision(asked, judged.found, writer.signed, digest=digest, approval=self.spec.gate.approval)
        if (freeze := self._freeze(standing)) and body["verdict"] in MOVES:
            body = entry_kinds.held_back(body, judged.found, freeze)
        elif body["verdict"] in TO_REPLACE and not self.force:
            body = dict(self.begins_to_shadow(body, judged.found))
        self.keep(body, judged.curves)
        if self.force and judged.clean:
            body = entry_kinds.forced(body, writer.signed, reason=self.force)
        elif answer and _is_same(answer.body, body) and standing.holds(answer):
            return answer.receipt
        return writer.write(standing, body).receipt


def _is_same(known: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether two decisions on one question say the same, of the same freeze if any."""
    return all(known.get(key) == body.get(key) for key in ("verdict", "freeze"))
