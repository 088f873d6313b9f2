"""Delivery of warnings by mail, webhook or chat, where the environment names a receiver for their channel.

HOLDFAST_CHANNEL_MAIL is the address of the channel `mail`, as Apprise writes it: mailto://, json://, slack://, wecombot://,
dingtalk:// and more. It may hold a password, and stands nowhere else.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import pandas as pd

from experiments.alerts.alert_file import LIST, AlertFile
from experiments.sections.policy import EVERY_ACTION
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.messages.masking import HIDDEN, mask
from pipelines.outreach import outreach_files
from pipelines.outreach.operations import database, deliveries, opt_outs, rounds, warnings
from pipelines.workspace import Workspace

PREFIX = "HOLDFAST_CHANNEL_"
MOST_LINES = 50
# Shorter parts of an address are no secrets; longer reasons are cut.
LEAST, MOST_LETTERS = 4, 300


@dataclass(frozen=True)
class Delivered:
    """How many warnings were sent, failed, and stay on the list because no address is given for their channel.

    reasons say why by `channel, owner`, of what failed; without_address how many warnings each other channel than the
    list has of which the environment names no address. Of those that were to be sent, unsure may have arrived (a run
    was killed while it sent them), and given_up failed too often; neither is sent again while it is open. Who opted
    out of all contacts is in no message: opted_out counts their warnings, which stay on the list.
    """

    sent: int
    failed: int
    on_the_list: int
    reasons: Mapping[str, str]
    without_address: Mapping[str, int]
    unsure: int
    given_up: int
    opted_out: int


def deliver(spec: ExperimentSpec, workspace: Workspace, *, at: str) -> Delivered:
    """Send the open warnings that nobody was sent yet: one message for each channel and owner.

    Raises UsageError for an address that Apprise does not know.
    """
    file = outreach_files.alerts(spec, workspace)
    engine = database.opened(workspace.root)
    there = warnings.all_of(engine, spec.name)
    there = there[~there["state"].isin(warnings.CLOSED)]
    refused = there["customer_id"].astype(str).isin(opt_outs.now(engine).get(EVERY_ACTION, frozenset()))
    there = there[~refused]
    control = rounds.controls(engine, at[:10])
    there = there.assign(control_until=[control.get(str(one), "") for one in there["customer_id"]])
    addresses = {channel: os.environ.get(PREFIX + channel.upper(), "") for channel in there["channel"].unique()}
    known = there[there["channel"].map(lambda channel: bool(addresses.get(channel)))]
    sent, failed = 0, 0
    reasons: dict[str, str] = {}
    for (channel, owner), rows in known.groupby(["channel", "owner"], sort=True):
        send = _sender(str(channel), addresses[str(channel)])
        keys = [tuple(str(row[name]) for name in warnings.KEY) for row in rows.to_dict("records")]
        begun = deliveries.due(engine, [(key, f"{channel}:{owner}") for key in keys], at=at)
        if not begun:
            continue
        wanted = {key for key, _ in begun}
        told = rows[[key in wanted for key in keys]]
        reason = send(f"{spec.title}: {len(told)} warnings for {owner}", body(file, told))
        state = deliveries.SENT if reason is None else deliveries.FAILED
        deliveries.ended(engine, begun, state, at=at, reason=reason)
        sent, failed = sent + len(told) * (reason is None), failed + len(told) * (reason is not None)
        reasons |= {f"{channel}, {owner}": reason} if reason is not None else {}
    open_ = set(map(tuple, there[[*warnings.KEY]].astype(str).to_numpy().tolist()))
    stuck = Counter(state for (key, _), state in deliveries.unsent(engine, spec.name).items() if key in open_)
    silent = there.loc[[not addresses[one] and one != LIST for one in there["channel"]], "channel"]
    counts = {str(one): int(count) for one, count in silent.value_counts().sort_index().items()}
    unsure, given_up = stuck[deliveries.BEGUN], stuck[deliveries.FAILED]
    on_the_list = len(there) - len(known) + int(refused.sum())
    return Delivered(sent, failed, on_the_list, reasons, counts, unsure, given_up, int(refused.sum()))


def body(file: AlertFile, rows: pd.DataFrame) -> str:
    """The text of a message: a line for each warning with its reason in English and Chinese; no texts, no names."""
    lines = []
    for row in rows.head(MOST_LINES).to_dict("records"):
        says: Mapping[str, str] = file.rules[row["rule"]].says if row["rule"] in file.rules else {}
        reason = " / ".join(says[one] for one in ("en", "zh") if one in says) or str(row["rule"])
        control = f" [{in_control(until)}]" if (until := row.get("control_until")) else ""
        lines.append(f"{row['customer_id']} ({row['level']}, due {row['due_at']}): {reason}{control}")
    if len(rows) > MOST_LINES:
        lines.append(f"and {len(rows) - MOST_LINES} more: `python -m pipelines alerts list SPEC`")
    return "\n".join(lines)


def in_control(until: str) -> str:
    """What to do about a warning of somebody whom an open round withholds."""
    return f"in a control until {until}: answer, but offer nothing"


class _Complaints(logging.Handler):
    """What Apprise says when it fails, and shows nowhere: there may be secrets of the address in it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, on one line."""
        self.told.append(" ".join(record.getMessage().split()))


class _Sender:
    """Sends a message to an address."""

    def __init__(self, address: str) -> None:
        import apprise

        self._address, self._log = address, logging.getLogger("apprise")
        # It would write addresses, with what is secret in them, where logs go.
        self._log.propagate, self._log.handlers = False, [logging.NullHandler()]
        self._to = apprise.Apprise()
        with self._listening():
            self.is_known = bool(self._to.add(address))

    @contextmanager
    def _listening(self) -> Iterator[_Complaints]:
        complaints = _Complaints()
        self._log.addHandler(complaints)
        try:
            yield complaints
        finally:
            self._log.removeHandler(complaints)

    def __call__(self, title: str, text: str) -> str | None:
        """Send it; gives None, or why it failed."""
        with self._listening() as complaints:
            if self._to.notify(title=title, body=text):
                return None
        return without_secrets(complaints.told[-1], self._address) if complaints.told else "no reason was given"


def without_secrets(text: str, address: str) -> str:
    """A text with every part of an address hidden, but for its scheme and host: any may be a password or a token."""
    rest = mask(text)
    scheme, _, after = address.partition("://")
    host = re.split(r"[/?#]", after, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    parts = {one for raw in re.split(r"[/?#&=@:,;]", after) for one in (raw, unquote(raw))} - {scheme, host}
    for part in sorted((one for one in parts if len(one) >= LEAST), key=len, reverse=True):
        rest = rest.replace(part, HIDDEN)
    return rest[:MOST_LETTERS]


def _sender(channel: str, address: str) -> _Sender:
    found = _Sender(address)
    if not found.is_known:
        raise UsageError(f"{PREFIX}{channel.upper()} is no address that can be sent to; write such as mailto://... .")
    return found
