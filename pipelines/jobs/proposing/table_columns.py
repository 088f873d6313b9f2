"""The lines of a spec for a table's columns: each with type and reason, columns left out as comments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from features import reserved
from pipelines.jobs.proposing import names, writing
from pipelines.jobs.proposing.columns import Proposal, proposed, shown
from pipelines.jobs.proposing.profiles import Profile
from pipelines.jobs.proposing.settling import Said
from pipelines.jobs.proposing.table_plan import Join, Plan
from pipelines.jobs.proposing.table_roles import Arms, Label


@dataclass
class Written:
    """The lines of the columns so far, names in use, columns left out, and open points."""

    arms: tuple[str, ...]
    lines: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    called: dict[tuple[str, str], str] = field(default_factory=dict)
    days: Mapping[tuple[str, str], Proposal] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def write(self, found: Proposal, *, file: str, joined: bool, role: str = "feature", name: str = "") -> None:
        """Add the line of one column; it is renamed where its name is reserved or in use."""
        entry = dict(found.entry or {})
        ours = reserved.OF_THE_TABLE if role == "label" else reserved.names_for(self.arms)
        asked = name or found.name.strip()
        free = asked
        if reserved.why_taken(asked, ours) or reserved.plain(asked) in map(reserved.plain, self.taken):
            free = reserved.free_name(asked, [*ours, *self.taken])
        self.taken.append(free)
        self.called[file, found.name] = free
        front: dict[str, Any] = {"type": entry.pop("type")}
        front |= {"column": found.name} if free != found.name else {}
        front |= {"file": file} if joined else {}
        front |= {"role": role} if role != "feature" else {}
        if (meaning := names.spoken(found.name)) != free:
            entry["meaning"] = meaning
        self.lines += writing.line(free, {**front, **entry}, indent=4, why=f"{found.sure}: {found.why}")
        if found.asks:
            self.open.append(f"{free}: {found.asks}")

    def leave(self, found: Proposal, *, file: str) -> None:
        """Add a comment on a column that is left out."""
        self.out.append(f"{found.name} ({file}): {found.why} ({found.sure})")
        if found.asks:
            self.open.append(f"{shown(found.name)} is left out: {found.asks}")


def written(
    plan: Plan,
    said: Said,
    *,
    key: str | None,
    label: Label,
    arms: Arms | None,
    days: Mapping[tuple[str, str], Proposal],
) -> Written:
    """Every column of every file, in the files' order; days are the proposals for date columns."""
    found = Written(tuple(arms.arms) if arms else (), days=days)
    found.taken.extend([label.column])  # nobody else may have its name
    for name, one in plan.of_main.items():
        if name == key or (arms and name == arms.column):
            continue
        if name == label.column:
            found.taken.remove(label.column)
            _label(found, plan, label)
        else:
            _column(found, one, said, file=plan.main.file, joined=False)
    for join in plan.joins:
        columns = _summed(join, plan.profiles[join.sheet.file]) if join.several else None
        if columns is not None:
            for proposal, name in columns:
                found.write(proposal, file=join.sheet.file, joined=True, name=name)
            continue
        for name, one in plan.profiles[join.sheet.file].items():
            if name != join.key and not _stands_before(plan, join, name):
                _column(found, one, said, file=join.sheet.file, joined=True, whole=join.whole)
    return found


def _stands_before(plan: Plan, join: Join, name: str) -> bool:
    """Whether a column is a key for a further join that an earlier file has as well."""
    return any(name == one.by and one.of is not join.sheet for one in plan.joins if one is not join) and name in (
        plan.main.columns
    )


def _label(found: Written, plan: Plan, label: Label) -> None:
    values = [text for text in plan.of_main[label.column].values if text in (label.churned, label.retained)]
    entry = {"type": "category", "values": values}
    found.write(Proposal(label.column, entry, label.why, "label"), file=plan.main.file, joined=False, role="label")


def _column(found: Written, one: Profile, said: Said, *, file: str, joined: bool, whole: bool = True) -> None:
    if one.name in said.drop:
        found.leave(Proposal(one.name, None, "you said so", "sure"), file=file)
        return
    proposal = found.days.get((file, one.name)) or proposed(one)
    if one.name in said.outcome:
        found.write(_outcome(proposal, one), file=file, joined=joined, role="outcome")
    elif proposal.entry is None:
        found.leave(proposal, file=file)
    else:
        if not whole:  # a customer may be in the first file and not in this one
            proposal = Proposal(
                one.name, {**proposal.entry, "nullable": True}, proposal.why, proposal.sure, proposal.asks
            )
        found.write(proposal, file=file, joined=joined)


def _outcome(proposal: Proposal, one: Profile) -> Proposal:
    from features.errors import UsageError

    if proposal.entry is None or proposal.entry["type"] == "category":
        raise UsageError(
            f"--outcome: '{one.name}' holds {one.known - one.numbers:,} texts that are no numbers, such as"
            f" {shown(one.odd[0][0] if one.odd else one.values[0] if one.values else '')}; an outcome is a number."
        )
    return Proposal(
        one.name, proposal.entry, f"measured afterwards, as you said; {proposal.why}", "sure", proposal.asks
    )


def _summed(join: Join, profiles: Mapping[str, Profile]) -> Iterator[tuple[Proposal, str]]:
    """The columns aggregated from several rows per customer: their count, and the sum and mean of every number."""
    stem = join.sheet.file.rsplit(".", 1)[0]
    count: dict[str, Any] = {"type": "integer", "aggregate": "count", "minimum": 0}
    yield Proposal(join.key, count, f"rows of {join.sheet.file}", "sure"), f"{stem}_rows"
    for name, one in profiles.items():
        found = proposed(one)
        if name == join.key or found.entry is None or found.entry["type"] == "category":
            continue
        for how in ("sum", "mean"):
            entry = {**found.entry, "type": "number", "aggregate": how, "nullable": True}
            entry.pop("maximum", None)
            yield Proposal(name, entry, f"{how} of its rows; {found.why}", found.sure, found.asks), f"{name}_{how}"
