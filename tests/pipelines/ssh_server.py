"""OpenSSH's server for tests: as the current user, with keys of its own, on a port of its own."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# Where it keeps what it lays before who has not logged in yet; it refuses to start as root without it.
PRIVILEGES = Path("/run/sshd")


@dataclass(frozen=True)
class SshServer:
    """A server that lets in who has the key in `home`/.ssh, where its own key is known; files lie in `store`."""

    home: Path
    store: Path
    port: int

    @property
    def address(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.store}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the user who has the key."""
        return at_home(self.home)


def at_home(home: Path) -> dict[str, str]:
    """The environment in which a folder is the user's home; caches stay where they are."""
    return {"HOME": str(home), "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path("~/.cache").expanduser()))}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def new_key(path: Path) -> str:
    """Write a key to a path; gives its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


@contextmanager
def running_ssh_server(folder: Path) -> Iterator[SshServer]:
    """A server whose keys, user's home and store lie in a folder; it ends with the block."""
    found = SshServer(folder / "home", folder / "store", free_port())
    for one in (found.home / ".ssh", found.store):
        one.mkdir(parents=True)
    allowed = folder / "allowed"
    allowed.write_text(new_key(found.home / ".ssh" / "id_ed25519"))
    kind, key, *_ = new_key(folder / "host").split()
    (found.home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{found.port} {kind} {key}\n")
    settings = {
        "ListenAddress": "127.0.0.1",
        "Port": found.port,
        "HostKey": folder / "host",
        "AuthorizedKeysFile": allowed,
        "PidFile": "none",
        "StrictModes": "no",  # pytest's folders are no home
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "Subsystem": "sftp internal-sftp",
    }
    config = folder / "sshd_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        PRIVILEGES.mkdir(mode=0o755, exist_ok=True)
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert program, "there is no sshd: tests/install_servers installs it"
    with (folder / "sshd.log").open("wb") as said:
        running = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=said)
    try:
        answers(found.port, running)
        yield found
    finally:
        running.terminate()
        running.wait(timeout=30)


def answers(port: int, running: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until somebody listens at a port. Raises AssertionError where the process ends, or time does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and running.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody answers at port {port}")
