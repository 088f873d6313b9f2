"""Delivery of warnings by mail, webhook or chat, where the environment names a receiver for their channel.

HOLDFAST_CHANNEL_MAIL is the address of the channel `mail`, as Apprise writes it: mailto://, json://, slack://, wecombot://,
dingtalk:// and more. It may hold a password, and stands nowhere else.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from experiments.alerts.alert_file import AlertFile
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.outreach import outreach_files
from pipelines.outreach.operations import database, deliveries, warnings
from pipelines.workspace import Workspace

PREFIX = "HOLDFAST_CHANNEL_"
# The channel of who takes their warnings from the list.
LIST = "list"
MOST_LINES = 50


@dataclass(frozen=True)
class Delivered:
    """How many warnings were sent, failed, and stay on the list because no address is given for their channel."""

    sent: int
    failed: int
    on_the_list: int


def deliver(spec: ExperimentSpec, workspace: Workspace, *, at: str) -> Delivered:
    """Send the open warnings that nobody was sent yet: one message for each channel and owner.

    Raises UsageError for an address that Apprise does not know.
    """
    file = outreach_files.alerts(spec, workspace)
    engine = database.opened(workspace.root)
    there = warnings.all_of(engine, spec.name)
    there = there[~there["state"].isin(warnings.CLOSED)]
    addresses = {channel: os.environ.get(PREFIX + channel.upper(), "") for channel in there["channel"].unique()}
    known = there[there["channel"].map(lambda channel: bool(addresses.get(channel)))]
    sent = failed = 0
    for (channel, owner), rows in known.groupby(["channel", "owner"], sort=True):
        send = _sender(str(channel), addresses[str(channel)])
        keys = [tuple(str(row[name]) for name in warnings.KEY) for row in rows.to_dict("records")]
        begun = deliveries.due(engine, [(key, f"{channel}:{owner}") for key in keys], at=at)
        if not begun:
            continue
        wanted = {key for key, _ in begun}
        told = rows[[key in wanted for key in keys]]
        is_sent = send(f"{spec.title}: {len(told)} warnings for {owner}", body(file, told))
        deliveries.ended(engine, begun, deliveries.SENT if is_sent else deliveries.FAILED, at=at)
        sent, failed = sent + len(told) * is_sent, failed + len(told) * (not is_sent)
    return Delivered(sent, failed, len(there) - len(known))


def body(file: AlertFile, rows: pd.DataFrame) -> str:
    """The text of a message: a line for each warning with its reason in English and Chinese; no texts, no names."""
    lines = []
    for row in rows.head(MOST_LINES).to_dict("records"):
        says: Mapping[str, str] = file.rules[row["rule"]].says if row["rule"] in file.rules else {}
        reason = " / ".join(says[one] for one in ("en", "zh") if one in says) or str(row["rule"])
        lines.append(f"{row['customer_id']} ({row['level']}, due {row['due_at']}): {reason}")
    if len(rows) > MOST_LINES:
        lines.append(f"and {len(rows) - MOST_LINES} more: `python -m pipelines alerts list SPEC`")
    return "\n".join(lines)


class _Sender:
    """Sends a message to an address."""

    def __init__(self, address: str) -> None:
        import apprise

        # It would write addresses, with what is secret in them, where logs go.
        logging.getLogger("apprise").disabled = True
        self._to = apprise.Apprise()
        self.is_known = bool(self._to.add(address))

    def __call__(self, title: str, text: str) -> bool:
        return bool(self._to.notify(title=title, body=text))


def _sender(channel: str, address: str) -> _Sender:
    found = _Sender(address)
    if not found.is_known:
        raise UsageError(f"{PREFIX}{channel.upper()} is no address that can be sent to; write such as mailto://... .")
    return found
