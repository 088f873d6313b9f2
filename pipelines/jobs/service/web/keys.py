"""Who asks: the key of a request, looked up by its hash and remembered for some seconds, and what its role may do."""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from features.errors import StorageError
from pipelines.jobs.service.web.errors import BadRequest, Forbidden, Unauthorized

# A name and a role by the key; None of one that is unknown or revoked.
LookUp = Callable[[str], tuple[str, str] | None]
READ, WRITE, DESK = "read", "write", "desk"
ANYBODY = ("without-keys", None)
A_KEY = re.compile(r"[\x21-\x7e]{1,200}")
# How long an answer of the database holds, so that a revoked key may go on; how long a known key is believed while the
# database does not answer; and how soon it is asked again then: each time takes as long as the database lets wait.
FRESH_SECONDS, STALE_SECONDS, AGAIN_SECONDS = 5.0, 300.0, 5.0
MOST = 10_000
LOCAL_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class _Known:
    """Whose key it is (None: nobody's), when the database said so, and when to ask again, in monotonic seconds."""

    holder: tuple[str, str] | None
    at: float
    again: float


class Keys:
    """The keys of a service; without a look-up anybody on this machine may do anything."""

    def __init__(self, look_up: LookUp | None) -> None:
        self._look_up = look_up
        self._known: dict[bytes, _Known] = {}

    async def holder(self, headers: Headers) -> tuple[str, str | None]:
        """The name and role of the key that a request shows. Raises Unauthorized where it is unknown.

        Without keys it is `without-keys`; then the request has to name this machine as its host, which a page that a
        browser shows here cannot do (DNS rebinding). Raises BadRequest where it does not.
        """
        if self._look_up is None:
            if not LOCAL_HOST.fullmatch(headers.get("host", "")):
                raise BadRequest("without keys, the header Host has to be that of this machine, such as 127.0.0.1.")
            return ANYBODY
        found = await self._found(_shown(headers), self._look_up)
        if found is None:
            raise Unauthorized("this key is unknown or was revoked.")
        return found

    async def _found(self, key: str, look_up: LookUp) -> tuple[str, str] | None:
        digest, now = hashlib.sha256(key.encode()).digest(), time.monotonic()
        known = self._known.get(digest)
        if known and now < known.again:
            return known.holder
        try:
            holder = await run_in_threadpool(look_up, key)
        except StorageError:
            if known and known.holder and now - known.at < STALE_SECONDS:
                self._known[digest] = replace(known, again=time.monotonic() + AGAIN_SECONDS)
                return known.holder
            raise
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[digest] = _Known(holder, now, now + FRESH_SECONDS)
        return holder


def check(name: str, role: str | None, roles: tuple[str, ...]) -> None:
    """Raise Forbidden where a key has a role, and it is none of these."""
    if role is not None and role not in roles:
        raise Forbidden(f"the key '{name}' has the role {role}; this takes {' or '.join(roles)}.")


def _shown(headers: Headers) -> str:
    """The key in X-API-Key, or in Authorization: Bearer."""
    key = headers.get("x-api-key")
    if key is None:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
    if not A_KEY.fullmatch(key):
        raise Unauthorized("send a key, as X-API-Key: KEY or as Authorization: Bearer KEY.")
    return key
