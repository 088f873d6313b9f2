"""What a remote of DVC refuses, in our words: what is wrong, and what to do."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from features.errors import HoldfastError, MissingError, StorageError
from pipelines.dvc import remote_child
from pipelines.messages import masking

# Plug-ins of our lock; others are DVC's matter.
OURS = ("dvc-s3", "dvc-ssh")
KEY = "say which key by `dvc remote modify --local {name} keyfile PATH`, and put its public half into authorized_keys"
KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
SERVER = "see that its server runs, and that the address is right"
ADDRESS = "correct its address (`dvc remote modify {name} url ADDRESS`)"
UNREACHABLE = (
    *("Connect call failed", "Could not connect to the endpoint", "Connection refused", "Connection reset"),
    *("Connection lost", "Connection closed", "Name or service not known", "name resolution", "No route to host"),
    *("Network is unreachable", r"within \d+ s", "timed out", "[A-Z][a-z]+ timeout", "HTTPClientError"),
)
REFUSED = (
    *("Access Key Id you provided does not exist", "request signature we calculated does not match"),
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "Access ?Denied", "Forbidden"),
    *("ExpiredToken", "InvalidToken", "token .*(?:expired|invalid|malformed)"),
)
# In order: the first whose pattern is found. `{0}` is what it found, `{1}` its first group.
MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        r"No space left on device|Disk quota exceeded|Read-only file system|database or disk is full",
        "there is no room for its files ({0})",
        "make room, and run this again",
    ),
    (rf"requires '({'|'.join(OURS)})'", "its plug-in {1} is not installed", "`make .venv/remotes` installs it"),
    (r"requires '([\w-]+)'", "its plug-in {1} is not installed", "`python -m pip install {1}` installs it"),
    (
        r"Host key is not trusted for host (\S+)",
        "~/.ssh/known_hosts does not have the key with which {1} answers: another may pose as it",
        "compare what `ssh-keyscan -p {port} {1}` says with the server's own, and add it",
    ),
    (r"Permission denied for user (\S+) on host (\S+)", "it does not let the user {1} in", KEY),
    (r"(?:KeyImportError|KeyEncryptionError): (.*)", "its key cannot be read ({1})", KEY),
    (r"EOFError|EOF when reading", "it asks for a password, and nobody is there to type it", KEY),
    (r"specified bucket does not exist", "there is no such bucket", "make it, or correct the address"),
    (r"Unable to locate credentials|Partial credentials", "there are no credentials for it", KEYS),
    (r"The config profile \((.*)\) could not be found", "there is no profile {1} of AWS", KEYS),
    (rf"{'|'.join(REFUSED)}", "it refuses the credentials ({0})", f"{KEYS}; they need to list, read and write there"),
    (rf"{'|'.join(UNREACHABLE)}", "it does not answer ({0})", SERVER),
    (r"FileNotFoundError: .*'(.*)'", "there is no key {1}", KEY),
    (r"configuration error - (.*)", "its settings cannot be read ({1})", "correct .dvc/config or .dvc/config.local"),
    (r"(?:ConfigError|RemoteNotFoundError): (.*)", "its settings cannot be read ({1})", "correct .dvc/config"),
    (
        r"PermissionError: |Permission denied",
        "its folder, or one of its files, cannot be read or written by this user",
        "change its owner there",
    ),
)


@dataclass(frozen=True)
class Remote:
    """What DVC's remote answered: which it is, whether its folder is there, else what is wrong and what to do.

    name and address are "" where there is none, or where settings cannot be read; secrets are masked.
    """

    name: str = ""
    address: str = ""
    is_there: bool = False
    fault: str = ""
    remedy: str = ""

    @property
    def line(self) -> str:
        """Which it is."""
        return f"DVC's remote {self.name} at {self.address}" if self.name else "DVC's remote"

    @property
    def error(self) -> HoldfastError:
        """The fault as an exception: MissingError for what is to be installed, else StorageError."""
        kind = MissingError if "not installed" in self.fault else StorageError
        return kind(f"{self.line}: {self.fault}; {self.remedy}.")


def read(said: str) -> Remote:
    """What `remote_child` and DVC after it printed, where something is wrong the last of what is."""
    told = re.search(rf"^{re.escape(remote_child.NAMED)}(.+?) at (.*)$", said, re.MULTILINE)
    name, address = (told[1], masking.mask(told[2])) if told else ("", "")
    faults = [line for line in said.splitlines() if line.startswith(remote_child.FAULT)]
    if not faults:
        return Remote(name, address, is_there=remote_child.THERE in said)
    for pattern, fault_of, remedy_of in MEANINGS:
        if found := re.search(pattern, "\n".join(faults)):
            words = (found[0], found[1] if found.re.groups else "")
            fault, remedy = (
                masking.mask(text.format(*words, name=name, port=_port(address))) for text in (fault_of, remedy_of)
            )
            return Remote(name, address, fault=fault, remedy=remedy)
    last = masking.mask(faults[-1].removeprefix(remote_child.FAULT).strip())
    return Remote(name, address, fault=last, remedy="all that DVC said is in state/dvc.log")


def _port(address: str) -> int:
    try:
        return urlsplit(address).port or 22
    except ValueError:
        return 22
