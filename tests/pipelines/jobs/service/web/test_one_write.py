"""What is written in one turn of the loop is sent together, in order, and before the connection closes."""

import asyncio
from typing import Any, cast

from pipelines.jobs.service.web.server import OneWrite


class Transport:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.done

    def get_extra_info(self, name: str) -> str:
        return name


async def written() -> tuple[Transport, list[list[object]]]:
    beneath, seen = Transport(), list[list[object]]()
    one = OneWrite(cast("asyncio.Transport", beneath))
    assert one.get_extra_info("peername") == "peername"
    for turn in ([b"headers ", b"body"], [b"more"], [b"last ", b"words"]):
        for data in turn:
            one.write(data)
        if turn[-1] != b"words":
            await asyncio.sleep(0)
        seen.append(list(beneath.done))
    one.close()
    one.write(b"too late")
    await asyncio.sleep(0)
    return beneath, seen


def test_a_turn_is_one_write_and_nothing_follows_the_close() -> None:
    beneath, seen = cast("tuple[Any, list[list[object]]]", asyncio.run(written()))
    assert seen == [[b"headers body"], [b"headers body", b"more"], [b"headers body", b"more"]]
    assert beneath.done == [b"headers body", b"more", b"last words", "closed"]
