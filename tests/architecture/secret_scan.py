"""Looks for secrets in committed files; CI runs it by itself: python -m tests.architecture.secret_scan.

Not by entropy: hashes and numbers of known answers are committed on purpose, and would hide what is found.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

PLUGINS = (
    *("AWSKeyDetector", "ArtifactoryDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector"),
    *("JwtTokenDetector", "KeywordDetector", "NpmDetector", "PrivateKeyDetector", "SendGridDetector", "SlackDetector"),
    *("StripeDetector", "TwilioKeyDetector"),
)
KEY = re.compile(r"\bhf_[A-Za-z0-9_-]{43}\b")
# Texts and code; locks and data are made by machines, of what is no secret.
ENDINGS = (".py", ".yaml", ".yml", ".toml", ".md", ".sh", ".json", ".ini", ".cfg", "Makefile", "Dockerfile", ".ci/run")
MADE_UP = re.compile(r"^hf_[a-z]{3,6}$|hunter2|s(e|3)cret|^nobody$|^no credentials$|0123456789abcdef")
# A name of a test in which a token's beginning stands.
HARMLESS = {("tests/experiments/rows/test_arm_weights.py", "GitHub Token")}


def committed(root: Path) -> list[str]:
    """The files that are looked through."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if name.endswith(ENDINGS)]


def found(root: Path, names: Iterable[str]) -> list[str]:
    """What looks like a secret, by file, line and kind; never the secret itself."""
    faults = []
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        for name in names:
            faults += [
                f"{name}:{one.line_number}: {one.type}"
                for one in scan_file(str(root / name))
                if (name, one.type) not in HARMLESS and not MADE_UP.search(one.secret_value or "")
            ]
            text = (root / name).read_text(errors="replace")
            faults += [f"{name}: a key of the service" for key in KEY.findall(text) if not MADE_UP.search(key)]
    return faults


if __name__ == "__main__":
    here = Path(__file__).parents[2]
    secrets = found(here, committed(here))
    print("\n".join(secrets) or "no secrets")  # noqa: T201
    sys.exit(bool(secrets))
