"""The state of a spec by its ledger: the champion, its predecessors, waiting decisions and earlier comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from features.errors import MissingError
from pipelines.champion.ledger import Entry
from pipelines.ruling.champion_for import Claims, recorded
from pipelines.ruling.verdict import MOVES, Verdict

REFITTED, FROZEN, UNFROZEN, SHADOW_ENDED = "refitted", "frozen", "unfrozen", "shadow ended"
# What decides on no version.
NO_DECISION = (REFITTED, FROZEN, UNFROZEN, SHADOW_ENDED)
# What an entry holds that rests on what came true of scores of a version that shadowed.
CAME_TRUE = "came_true"
# Verdicts after which the version that shadows goes on.
UNDECIDED = (Verdict.SHADOWING, Verdict.FROZEN)


@dataclass(frozen=True)
class Standing:
    """The entries of a spec, oldest first, and the state that follows from them."""

    spec: str
    entries: tuple[Entry, ...] = ()

    @property
    def head(self) -> Entry | None:
        """The last entry."""
        return self.entries[-1] if self.entries else None

    @cached_property
    def _reigns(self) -> tuple[Entry, ...]:
        """The entries that made the champion, last, and those that repeated rollbacks would return to."""
        found: list[Entry] = []
        for entry in self.entries:
            to = entry.body["champion_version"]
            if entry.body["kind"] == "rollback":
                found = found[:-1]
                while found and found[-1].body["champion_version"] != to:
                    found.pop()
            elif entry.body["kind"] == "restored":
                found = [*found[:-1], entry] if to else []
            elif entry.moves:
                found.append(entry)
        return tuple(found)

    @property
    def champions(self) -> tuple[str, ...]:
        """The champion, last, and the versions that repeated rollbacks would return to."""
        return tuple(entry.body["champion_version"] for entry in self._reigns)

    @property
    def anchors(self) -> tuple[str, ...]:
        """The last champion shown to be better, and its refreshes before the present one.

        None where the champion itself is that one. A champion that a person forced or that was adopted counts as such:
        somebody answered for it.
        """
        better = [place for place, entry in enumerate(self._reigns) if entry.body["verdict"] != Verdict.REFRESH]
        return self.champions[better[-1] : -1] if better else self.champions[:-1]

    @property
    def claims(self) -> Claims | None:
        """What the champion is used for, by the ledger."""
        return recorded(self._reigns[-1].body) if self._reigns else None

    @property
    def made_champion(self) -> Entry:
        """The entry that made the champion; there must be one."""
        return self._reigns[-1]

    @property
    def champion(self) -> str | None:
        """The champion's version."""
        return self.champions[-1] if self.champions else None

    def serves(self, champion: str | None) -> str | None:
        """The version that serves when this one is champion: itself, or what was fitted to its recipe on all rows."""
        said = (
            entry.body["serving_version"]
            for entry in reversed(self.entries)
            if entry.body["kind"] == REFITTED and entry.body["champion_version"] == champion
        )
        return next(said, champion)

    @property
    def serving(self) -> str | None:
        """The version that the alias has to show."""
        return self.serves(self.champion)

    @property
    def decided(self) -> Entry | None:
        """The last entry, passing over those by which another version of the same champion serves, and freezes."""
        return next((entry for entry in reversed(self.entries) if entry.body["kind"] not in NO_DECISION), None)

    def frozen(self, at: str) -> dict[str, Any] | None:
        """The freeze that holds at an instant (ISO 8601, with its zone), if any: until, ends_at, by and reason.

        The last word counts: a freeze replaces one from before, and none is left after its end.
        """
        kinds = (FROZEN, UNFROZEN)
        last = next((entry.body for entry in reversed(self.entries) if entry.body["kind"] in kinds), None)
        if last is None or last["kind"] == UNFROZEN:
            return None
        freeze: dict[str, Any] = last["freeze"]
        return freeze if datetime.fromisoformat(at) < datetime.fromisoformat(freeze["ends_at"]) else None

    @cached_property
    def _shadows(self) -> tuple[Entry | None, Mapping[str, Entry]]:
        """The entry since which a version shadows, and by version what kept others out of that place for good.

        With another champion all of it is over: they were compared with the one before.
        """
        shadow, out = None, dict[str, Entry]()
        for entry in self.entries:
            body = entry.body
            version, verdict = body["challenger_version"], body["verdict"]
            if entry.moves:
                shadow, out = None, {}
            elif body["kind"] == SHADOW_ENDED:
                shadow, out = None, {**out, version: entry} if body["kept_out"] else out
            elif CAME_TRUE in body and verdict not in UNDECIDED:
                shadow, out = None, out if body["awaiting_approval"] else {**out, version: entry}
            elif verdict == Verdict.SHADOWING and shadow is None:
                shadow = entry
        return shadow, out

    @property
    def shadow(self) -> Entry | None:
        """The entry since which its challenger shadows the champion; None where no version does."""
        return self._shadows[0]

    @property
    def began_to_shadow(self) -> Entry:
        """The same. Raises MissingError where no version does."""
        if self.shadow is None:
            raise MissingError(f"no version of '{self.spec}' shadows its champion.")
        return self.shadow

    @property
    def kept_out(self) -> Mapping[str, Entry]:
        """The versions that shadowed this champion and were rejected, or ended by a person, each with that entry."""
        return self._shadows[1]

    @property
    def before(self) -> str | None:
        """The version that a rollback would return to."""
        return self.champions[-2] if len(self.champions) > 1 else None

    def files(self, version: str) -> Mapping[str, str]:
        """The hashes of a version's files as first recorded; none where no entry has them."""
        said = (entry.body.get("files") for entry in self.entries if entry.body["challenger_version"] == version)
        return next((files for files in said if files), {})

    def first_about(self, version: str) -> Entry | None:
        """The first entry about a version."""
        return next((entry for entry in self.entries if entry.body["challenger_version"] == version), None)

    @cached_property
    def withdrawn(self) -> Mapping[str, Entry]:
        """The versions that were rolled back and not made champion since, each with the rollback."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            found.pop(entry.body["champion_version"], None)
            if entry.body["kind"] == "rollback":
                found[entry.body["compared_with"]] = entry
        return found

    @cached_property
    def waiting(self) -> Mapping[str, Entry]:
        """The decisions that await approval, by challenger; a new champion cancels all."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.moves:
                found = {}
            else:
                found.pop(entry.body["challenger_version"], None)
            if entry.body["awaiting_approval"]:
                found[entry.body["challenger_version"]] = entry
        return found

    def looks(self) -> tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...]:
        """The counted comparisons, oldest first, each with the dates of its rows.

        An approval and a question that was asked again repeat the comparison of another entry, and are none.
        """
        found: list[tuple[Mapping[str, Any], tuple[str, ...]]] = []
        for entry in self.entries:
            look = entry.body["look"]
            if look and look not in (one for one, _ in found):
                found.append((look, tuple(entry.body["cohort"].get("dates", ()))))
        return tuple(found)

    def answer(self, asked: Mapping[str, Any]) -> Entry | None:
        """The last decision on the same question: the same challenger, champion, rows and spec."""
        decisions = [entry for entry in self.entries if entry.body["kind"] == "decision"]
        same = (entry for entry in reversed(decisions) if all(entry.body[key] == asked[key] for key in asked))
        return next(same, None)

    def holds(self, answer: Entry) -> bool:
        """Whether an answer is still valid: one for the challenger only while it awaits approval, or shadows."""
        if answer.body["verdict"] == Verdict.SHADOWING:
            return (
                self.shadow is not None and self.shadow.body["challenger_version"] == answer.body["challenger_version"]
            )
        return answer.body["verdict"] not in MOVES or answer in self.waiting.values()

    def about(self, version: str) -> Entry | None:
        """The last entry about a version, preferably one with its figures."""
        found = [entry for entry in self.entries if entry.body["challenger_version"] == version]
        return next((entry for entry in reversed(found) if entry.body["figures"]), found[-1] if found else None)

    def unfinished(self, alias: str | None) -> bool:
        """Whether the alias still shows what served before the last entry: its writer was stopped before moving it."""
        before = Standing(self.spec, self.entries[:-1]).serving
        return self.head is not None and alias == before and before != self.serving
