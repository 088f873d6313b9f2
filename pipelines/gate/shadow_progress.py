"""How far a version that shadows has come: on which dates it was scored, and of which the outcomes are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from experiments.spec import ExperimentSpec
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import CAME_TRUE
from pipelines.files import storage
from pipelines.gate.shadow_scoring import newest_moment
from pipelines.matrix import came_true
from pipelines.outreach.operations import database, shadow_scores
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Progress:
    """Days are ISO texts, in order: scored are all, with the newest date of the data, which every run scores.

    closes has by day when the outcomes of its customers are known; ends is until when the data reach; dates is how many
    known ones are asked for; since is when it began.
    """

    version: str
    champion: str
    since: str
    dates: int
    closes: Mapping[str, datetime]
    ends: datetime

    @property
    def mature(self) -> tuple[str, ...]:
        """The days whose outcomes are known."""
        return tuple(day for day, closes in self.closes.items() if closes <= self.ends)

    @property
    def until(self) -> str | None:
        """On data until when it is compared next; None where a date lacks that is still to be scored."""
        wanted = max(self.dates, len(self.mature) + 1)
        closing = list(self.closes.values())
        return day_of(closing[wanted - 1]) if wanted <= len(closing) else None

    @property
    def plain(self) -> dict[str, Any]:
        """The same as JSON-compatible data."""
        known = {"version": self.version, "champion": self.champion, "since": self.since, "dates": self.dates}
        return {**known, "scored": list(self.closes), "mature": list(self.mature), "until": self.until}

    def lines(self, last: Entry, *, newest: str = "", lacking: str = "") -> list[str]:
        """The same in sentences; last is the last entry about it, lacking what a comparison lacks."""
        known = len(self.mature)
        begun = f"version {self.version} shadows version {self.champion} since {self.since[:10]}"
        said = [
            f"{begun}: both score, lists are of version {self.champion} alone, and what comes true decides",
            f"outcomes are known of {known} of {self.dates} dates; {self._next()}",
        ]
        if CAME_TRUE in last.body:
            said.append(f"compared on {len(last.body[CAME_TRUE]['dates'])} dates, which cannot tell")
        if lacking:
            said.append(f"that is too little to compare them: {lacking}")
        if newest not in ("", self.version):
            said.append(f"version {newest}, the newest challenger, is not judged meanwhile")
        return said

    def _next(self) -> str:
        if self.until:
            return f"it is decided on data until {self.until}, or later"
        more = max(self.dates, len(self.mature) + 1) - len(self.closes)
        return f"it is decided once {more} more {'dates are' if more > 1 else 'date is'} scored, and known"


def of(spec: ExperimentSpec, workspace: Workspace, began: Entry) -> Progress:
    """The progress of the version of this entry, by the scores that were kept and the data of this checkout.

    Dates before the newest one of the data when it began do not count.
    """
    version, champion = str(began.body["challenger_version"]), str(began.body["compared_with"])
    first = datetime.fromisoformat(began.body["shadow"]["from"])
    newest = newest_moment(workspace)
    kept = shadow_scores.days(database.opened(workspace.root), shadow_scores.Pair(spec.name, version, champion))
    moments = {newest.date().isoformat(): newest, **kept}
    return Progress(
        version,
        champion,
        str(began.body["decided_at"]),
        spec.gate.shadow.dates if spec.gate.shadow else int(began.body["shadow"]["dates"]),
        {day: came_true.window(spec, moments[day]).closes for day in sorted(moments) if moments[day] >= first},
        datetime.fromisoformat(storage.read_json(workspace.tables / "about.json")["extracted_at"]),
    )


def day_of(moment: datetime) -> str:
    """The first day at whose beginning a moment is over."""
    started = moment.time() > time()
    return (moment.date() + timedelta(days=int(started))).isoformat()
