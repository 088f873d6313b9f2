"""Masking of passwords, tokens and signatures in output and files."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO
from urllib.parse import parse_qsl, unquote, urlsplit

HIDDEN = "***"
# Addresses that others hand to us; what is secret in them is hidden wherever it stands.
ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "HOLDFAST_LEDGER_URI", "MLFLOW_S3_ENDPOINT_URL")
SECRETS = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
# Shorter ones are words that stand in harmless texts, too; those are hidden by where they stand alone.
LEAST = 8

# user:password@, where the password may hold anything but white space: drivers differ in what they let it hold.
USER = re.compile(r"(\w://[^\s:/?#@'\"]*:)[^\s@]*@(?:[^\s'\"@]*@)*")
# token@, which web addresses have.
TOKEN = re.compile(r"(https?://)[^\s:/?#@'\"]+@")
WORD = (
    r"[\w.-]*(?:passw(?:or)?d|pwd|passphrase|token|secret|signature|api[_-]?key|access[_-]?key|credential)[\w.-]*|sig"
)
# password=..., as in a query string or a connection string of PostgreSQL.
NAMED = re.compile(rf"(?i)(?<![\w.-])({WORD})(\s?=\s?|%3D)('(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\s&;,'\")\]}}]+)")
# "password": "...", as in JSON or a dictionary of Python.
QUOTED = re.compile(rf"(?i)(['\"](?:{WORD})['\"]\s*:\s*)(['\"])(?:(?!\2).)*\2")
HEADER = re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer)\s+|\bbearer\s+)[\w.~+/=-]{6,}")


def mask(text: str) -> str:
    """The text with every secret in it as ***."""
    found = TOKEN.sub(rf"\1{HIDDEN}@", USER.sub(rf"\1{HIDDEN}@", text))
    found = QUOTED.sub(rf"\1\2{HIDDEN}\2", NAMED.sub(rf"\1\2{HIDDEN}", found))
    found = HEADER.sub(rf"\1{HIDDEN}", found)
    for secret in sorted(set(_known(os.environ)), key=len, reverse=True):
        found = found.replace(secret, HIDDEN)
    return found


def has_secret(address: str) -> bool:
    """Whether an address contains a secret."""
    return mask(address) != address


def _known(environment: Mapping[str, str]) -> Iterator[str]:
    """The secrets in the environment's addresses, raw and decoded."""
    for name in SECRETS:
        yield from _long(environment.get(name, ""))
    for name in ADDRESSES:
        address = environment.get(name, "")
        for match in re.finditer(r"://[^:/@]*:(.*)@", address):
            yield from _long(match[1], unquote(match[1]))
        try:
            query = parse_qsl(urlsplit(address).query)
        except ValueError:
            continue
        yield from _long(*(value for key, value in query if re.fullmatch(f"(?i){WORD}", key)))


def _long(*secrets: str) -> Iterator[str]:
    yield from (secret for secret in secrets if len(secret) >= LEAST)


class Masked:
    """A stream that masks secrets in what is written, and otherwise behaves as the stream beneath."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text without its secrets; reports all of it as written."""
        self._stream.write(mask(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the lines without their secrets."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def cover() -> None:
    """Mask secrets in everything that Python writes to the terminal, including libraries' logs and warnings."""
    for name in ("stdout", "stderr"):
        if not isinstance(getattr(sys, name), Masked):
            setattr(sys, name, Masked(getattr(sys, name)))
