"""Warnings delivered to a real mail server and a real web server on loopback, once each."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.outreach import delivery, outreach_files
from pipelines.outreach.operations import came_back, database, deliveries, rounds, warnings
from pipelines.outreach.operations.came_back import Rows
from pipelines.outreach.operations.tables import DELIVERIES
from pipelines.outreach.operations.warnings import Warning_
from pipelines.workspace import Workspace
from tests.pipelines.outreach.operations.test_rounds import ROUND, assignments
from tests.specs import trial_spec

AT = "2026-01-02T09:00:00"
RULES = """
title: Warnings
rules:
  use_is_down:
    says: {en: "Uses it less", zh: "使用减少"}
    when: {feature: use, below: 1}
    owner: desk
    channel: mail
"""


class MailServer:
    """What a mail server got."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.got.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[MailServer, str]]:
    server = MailServer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, f"mailto://127.0.0.1:{port}?from=holdfast@example.com&to=desk@example.com&mode=insecure"
    controller.stop()


@pytest.fixture
def web() -> Iterator[tuple[list[dict[str, str]], str, list[int]]]:
    """What a web server got, its address, and the codes that it answers with, the last one for ever."""
    got: list[dict[str, str]] = []
    codes = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(codes.pop(0) if len(codes) > 1 else codes[0])
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield got, f"json://127.0.0.1:{server.server_port}/hook", codes
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ExperimentSpec, Workspace]:
    """A spec with two warnings for the desk, by a channel `mail`."""
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "shop")
    workspace.alerts.mkdir(parents=True)
    (workspace.alerts / "shop.yaml").write_text(RULES, encoding="utf-8")
    made = [
        Warning_("shop", "use_is_down", customer, AT, AT, "high", "desk", channel, AT, None, {})
        for customer, channel in (("c1", "mail"), ("c2", "mail"), ("c3", "list"))
    ]
    warnings.raised(database.opened(tmp_path), made, {}, spec="shop", at=AT)
    return trial_spec(alerts="shop"), workspace


def deliver(place: tuple[ExperimentSpec, Workspace]) -> tuple[int, int, int]:
    found = delivery.deliver(*place, at=AT)
    return found.sent, found.failed, found.on_the_list


def test_nothing_is_sent_unless_an_address_is_given(place: tuple[ExperimentSpec, Workspace]) -> None:
    assert deliver(place) == (0, 0, 3)


def test_one_mail_for_each_owner_and_none_twice(
    place: tuple[ExperimentSpec, Workspace], mail: tuple[MailServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", mail[1])
    assert [deliver(place), deliver(place)] == [(2, 0, 1), (0, 0, 1)]
    assert len(mail[0].got) == 1


def test_a_webhook_gets_the_reasons_in_both_languages_and_no_more(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", web[1])
    assert deliver(place) == (2, 0, 1)
    (message,) = web[0]
    assert message["title"] == "A shop: 2 warnings for desk"
    assert message["message"].splitlines() == [
        f"{customer} (high, due {AT}): Uses it less / 使用减少" for customer in ("c1", "c2")
    ]


def test_what_failed_is_tried_again_and_three_times_at_most(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", web[1])
    web[2][:] = [500, 200]
    assert [deliver(place), deliver(place), deliver(place)] == [(0, 2, 1), (2, 0, 1), (0, 0, 1)]


def test_a_receiver_that_never_answers_is_given_up(
    place: tuple[ExperimentSpec, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", "json://127.0.0.1:1/hook")
    assert [deliver(place) for _ in range(4)] == [(0, 2, 1)] * deliveries.MOST_ATTEMPTS + [(0, 0, 1)]
    assert delivery.deliver(*place, at=AT).given_up == 2
    warnings.happened(database.opened(place[1].root), ("shop", "use_is_down", "c1", AT), "done", at=AT, by="clerk")
    assert delivery.deliver(*place, at=AT).given_up == 1


def test_an_attempt_that_began_and_never_ended_is_not_repeated(place: tuple[ExperimentSpec, Workspace]) -> None:
    engine = database.opened(place[1].root)
    wanted = [(("shop", "use_is_down", "c1", AT), "mail:desk")]
    assert len(deliveries.due(engine, wanted, at=AT)) == 1
    assert deliveries.due(engine, wanted, at=AT) == {}
    assert delivery.deliver(*place, at=AT).unsure == 1


def test_who_has_closed_a_warning_is_not_written_to(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", web[1])
    engine = database.opened(place[1].root)
    warnings.happened(engine, ("shop", "use_is_down", "c1", AT), warnings.DONE, at=AT, by="clerk")
    assert deliver(place) == (1, 0, 1)


def test_what_is_no_address_is_refused_without_being_shown(
    place: tuple[ExperimentSpec, Workspace], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", "nonsense://me:secret@host")
    with pytest.raises(UsageError, match="HOLDFAST_CHANNEL_MAIL is no address") as told:
        deliver(place)
    assert "secret" not in f"{told.value}{capsys.readouterr()}"


@pytest.mark.parametrize("code", [404, 500])
def test_why_a_delivery_failed_is_said_and_kept_without_what_is_secret(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    code: int,
) -> None:
    address = web[1].replace("json://", "json://me:hunter22@").replace("/hook", "/T0KENT0KEN")
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", address)
    web[2][:] = [code]
    found = delivery.deliver(*place, at=AT)
    (reason,) = found.reasons.values()
    assert list(found.reasons) == ["mail, desk"]
    assert str(code) in reason
    with database.opened(place[1].root).connect() as connection:
        assert set(connection.execute(sa.select(DELIVERIES.c.reason)).scalars()) == {None, reason}
    assert not {"hunter22", "T0KENT0KEN"} & set(re.split(r"\W", f"{found}{capfd.readouterr()}"))


def test_no_part_of_an_address_but_its_host_is_shown() -> None:
    address = "https://user:p%40ssword@example.com/hooks/T0KEN?key=abc123"
    text = f"could not send to {address}: example.com said p@ssword and T0KEN"
    assert delivery.without_secrets(text, address) == (
        "could not send to https://***:***@example.com/***/***?key=***: example.com said *** and ***"
    )
    assert len(delivery.without_secrets("a" * 10_000, address)) == delivery.MOST_LETTERS


def test_a_channel_without_an_address_is_named(place: tuple[ExperimentSpec, Workspace]) -> None:
    assert delivery.deliver(*place, at=AT).without_address == {"mail": 2}


def test_who_is_in_a_control_is_to_be_offered_nothing(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", web[1])
    rounds.written(database.opened(place[1].root), replace(ROUND, spec="other"), assignments(), rest_days=0)
    deliver(place)
    lines = web[0][0]["message"].splitlines()
    assert lines[0].endswith("[in a control until 2026-03-16: answer, but offer nothing]")
    assert "control" not in lines[1]


def test_a_long_list_is_cut(place: tuple[ExperimentSpec, Workspace]) -> None:
    file = outreach_files.alerts(*place)
    rows = pd.DataFrame(
        {"rule": "use_is_down", "customer_id": [f"c{n}" for n in range(80)], "level": "high", "due_at": AT}
    )
    lines = delivery.body(file, rows).splitlines()
    assert (len(lines), lines[-1]) == (51, "and 30 more: `python -m pipelines alerts list SPEC`")


def test_who_opted_out_is_in_no_message_and_stays_on_the_list(
    place: tuple[ExperimentSpec, Workspace],
    web: tuple[list[dict[str, str]], str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_CHANNEL_MAIL", web[1])
    out = {"customer_id": "c1", "happened_at": None, "by": "desk", "known_at": None, "opted_out": True}
    engine = database.opened(place[1].root)
    came_back.keep(engine, "other", Rows(opt_outs=[{**out, "action": "all"}]), at=AT, is_said=False)
    assert deliver(place) == (1, 0, 2)
    assert "c1" not in web[0][0]["message"]
    # Who wants contacts again is told of.
    back = {**out, "action": "all", "opted_out": False}
    came_back.keep(engine, "other", Rows(opt_outs=[back]), at="2026-01-09T09:00:00", is_said=False)
    assert deliver(place) == (1, 0, 1)
