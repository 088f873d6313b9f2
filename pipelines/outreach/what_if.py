"""What another playbook or other limits would have earned in past rounds, from their logged probabilities."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.effects import off_policy
from experiments.effects.off_policy import OffPolicy
from experiments.metric import Numbers
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.sections.policy import PolicySpec
from experiments.sections.section import Section
from experiments.spec import ExperimentSpec, FileName
from features.errors import DataError, SpecError, UsageError
from pipelines.outreach import outreach_files, past_rounds, round_draw
from pipelines.outreach.operations import database
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.past_rounds import PastRound
from pipelines.specs import spec_text
from pipelines.specs.options import parsed
from pipelines.workspace import Workspace


class OtherPolicy(Section):
    """What is to change: the limits of the spec, all of them, or the playbook by name; what is left out stays.

    So do opt-outs where the limits say none: they are the customers' own.
    """

    playbook: FileName | None = None
    policy: PolicySpec | None = None


@dataclass(frozen=True)
class WhatIf:
    """found is of all rows of the rounds; pending are rounds without known outcomes, gone customers not in the data."""

    found: OffPolicy
    rounds: int
    pending: int
    gone: int
    earned: float

    @property
    def plain(self) -> dict[str, Any]:
        """The same as plain data."""
        return {**asdict(self.found), "rounds": self.rounds, "pending": self.pending, "gone": self.gone} | {
            "earned": self.earned,
            "fewest_effective": off_policy.FEWEST_EFFECTIVE,
        }


def ask(spec: ExperimentSpec, workspace: Workspace, file: Path) -> WhatIf:
    """What the policy of a file would have earned in the past rounds of a spec whose outcomes are known.

    Raises DataError where too little can be said of it, SpecError for a wrong file, UsageError where no round is over.
    """
    other, playbook = read(spec, workspace, file)
    if not database.exists(workspace.root):
        raise UsageError(f"spec '{spec.name}' has no rounds; draw one: python -m pipelines round {spec.name}")
    past, pending = past_rounds.read(spec, workspace, database.opened(workspace.root))
    if not past:
        raise UsageError(f"spec '{spec.name}' has no round whose outcomes are known; {pending} are pending.")
    found = valued(other, past, playbook)
    if found.found.missing:
        raise DataError(f"whatif {spec.name}: refused: {found.found.missing}.")
    return replace(found, pending=pending)


def read(spec: ExperimentSpec, workspace: Workspace, file: Path) -> tuple[ExperimentSpec, PlaybookFile | None]:
    """The spec with the changes of a file, a playbook or an `OtherPolicy`, and its playbook, both checked."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}; give a playbook, or a file with `policy:` or `playbook:`.")
    plain = spec_text.read(file, called=file.name, keys="policy or playbook")
    if "segments" in plain or "rows" in plain:
        found = parsed(PlaybookFile, plain, file.name)
        outreach_files.judge_playbook(found, spec, workspace, path=file.name)
        return spec, found
    said = parsed(OtherPolicy, plain, file.name)
    if said.playbook is None and said.policy is None:
        raise SpecError(f"{file.name} changes nothing; it takes `policy:` as in a spec, or `playbook:` with a name.")
    changes = {name: getattr(said, name) for name in ("playbook", "policy") if getattr(said, name) is not None}
    if said.policy is not None and "opt_out" not in said.policy.model_fields_set:
        changes["policy"] = said.policy.model_copy(update={"opt_out": spec.policy.opt_out})
    other = parsed(ExperimentSpec, {**_sections(spec), **changes}, file.name)
    return other, outreach_files.checked_playbook(other, workspace)


def _sections(spec: ExperimentSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in type(spec).model_fields}


def valued(spec: ExperimentSpec, past: list[PastRound], playbook: PlaybookFile | None) -> WhatIf:
    """What this spec's limits and the playbook would have earned in these rounds; found says why where it cannot be."""
    rows = past_rounds.as_assigned(spec, past)
    policy = np.concatenate([drawn_by(spec, one, playbook) for one in past])
    costs = np.array([0.0, *(arm.cost for arm in spec.treatment.arms.values())] if spec.treatment else [0.0])
    reward, expected = off_policy.earned(rows), off_policy.predicted(rows, costs)
    found = off_policy.off_policy(rows, policy, reward=reward, expected=expected)
    gone = sum(len(one.gone) for one in past)
    return WhatIf(found, len(past), 0, gone, float(reward.mean()))


def drawn_by(spec: ExperimentSpec, past: PastRound, playbook: PlaybookFile | None) -> Numbers:
    """The probabilities of none and of each action under a policy, a row for each of past.kept.

    By the code that drafts a round, of what was known then; control and explore are those of that round. What bound
    that round binds this policy too: opt-outs, other rounds, and the limits, of which who is gone used a part.
    """
    shares = {"control": past.round_.control, "explore": past.round_.explore}
    asked = spec.model_copy(update={"round": spec.round.model_copy(update=shares)})
    named = frozenset(row.action for row in playbook.rows.values()) if playbook else frozenset[str]()
    bound = past_rounds.bound(asked, past, named=named)
    try:
        rows = round_draw.drafted(asked, past.today, playbook, **bound, seed=past.round_.seed)
    except SpecError as error:
        raise SpecError(f"the round of {past.round_.as_of} cannot be drafted so: {error}") from error
    by_customer = pd.DataFrame(rows["probabilities"].tolist(), index=rows["customer_id"].astype(str))
    found: Numbers = by_customer.loc[past.kept["customer_id"], [NONE, *spec.actions]].to_numpy(dtype=float)
    return found
