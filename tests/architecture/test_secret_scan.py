"""No secret is committed, and one would be seen; CI looks through the tests as well, which takes longer."""

from pathlib import Path

import pytest

from tests.architecture import secret_scan

SECRETS = {
    "aws": 'key = "AKIA' + "IOSFODNN7EXAMPLQ" + '"',
    "github": "token: gh" + "p_" + "a1B2" * 9,
    "private key": "-----BEGIN RSA PRIVATE"
    " KEY-----\n" + "MIIEowIBAAKCAQEA7bq" * 3 + "\n-----END RSA PRIVATE" + " KEY-----",
    "address": 'url = "postgresql://me:' + 'Tr0ub4dor@db.example/x"',
    "password": 'password = "' + 'Tr0ub4dor&3"',
    "ours": 'KEY = "hf_' + "Ab9-_" * 8 + 'xyz"',
}


@pytest.mark.slow
def test_no_secret_is_committed(root: Path) -> None:
    names = [name for name in secret_scan.committed(root) if not name.startswith(("tests/", "experiments/specs/"))]
    assert len(names) > 500
    assert secret_scan.found(root, names) == []


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_would_be_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.py").write_text(f"{text}\n")
    assert secret_scan.found(tmp_path, ["settings.py"]) != []
    assert text.rsplit(maxsplit=1)[-1] not in str(secret_scan.found(tmp_path, ["settings.py"]))
