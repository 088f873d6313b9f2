"""What DVC's plug-ins said, word for word, of each fault, and what is made of it."""

import re

import pytest

from features.errors import MissingError, StorageError
from pipelines.dvc import remote_errors, remotes

SSH = "remote: store at ssh://me:hunter2x@host:2222/srv/data"
S3 = "remote: bucket at s3://bucket/data"
SAID = {
    "ERROR: ImportError: s3 is supported, but requires 'dvc-s3' to be installed": "dvc-s3 is not installed; `make",
    "ERROR: ImportError: gs is supported, but requires 'dvc-gs' to be installed": "`python -m pip install dvc-gs`",
    "ERROR: HostKeyNotVerifiable: Host key is not trusted for host host": "`ssh-keyscan -p 2222 host`",
    "ERROR: PermissionError: Permission denied for user me on host host": "let the user me in",
    "ERROR: KeyImportError: Passphrase must be specified to import encrypted private keys": "(Passphrase must be",
    "ERROR: EOFError: EOF when reading a line": "nobody is there to type it",
    "ERROR: FileNotFoundError: [Errno 2] No such file or directory: '/k/none'": "no key /k/none; say which",
    "ERROR: ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 1)": "answer (Connect call failed)",
    "ERROR: gaierror: [Errno -2] Name or service not known": "does not answer (Name or service not known)",
    "ERROR: TimeoutError: it did not answer within 20 s": "does not answer (within 20 s)",
    "ERROR: ConnectionLost: Connection lost": "does not answer (Connection lost)",
    "ERROR: unexpected error - [Errno 13] Permission denied: '/srv/data/files'": "read or written by this user",
    "ERROR: FileNotFoundError: The specified bucket does not exist": "there is no such bucket; make it",
    "ERROR: NoCredentialsError: Unable to locate credentials": "no credentials for it; set AWS_ACCESS_KEY_ID",
    "ERROR: PartialCredentialsError: Partial credentials found in env, missing: AWS_SECRET": "no credentials",
    "ERROR: PermissionError: The AWS Access Key Id you provided does not exist in our records.": "refuses the cred",
    "ERROR: PermissionError: Access Denied": "refuses the credentials (Access Denied)",
    "ERROR: ProfileNotFound: The config profile (nope) could not be found": "no profile nope of AWS",
    'ERROR: ConnectTimeoutError: Connect timeout on endpoint URL: "http://10.0.0.1"': "answer (Connect timeout)",
    "ERROR: TimeoutError: [Errno 110] Connect call failed": "does not answer (Connect call failed)",
    'ERROR: EndpointConnectionError: Could not connect to the endpoint URL: "http://127.0.0.1:1/b"': "does not answer",
    "ERROR: unexpected error - [Errno 28] No space left on device": "no room for its files",
    "ERROR: ConfigError: config file error: Invalid line ('[core') at line 6.": "cannot be read (config file error",
    "ERROR: configuration error - config file error: Unsupported URL type foo://": "cannot be read (config file error",
    "ERROR: unexpected error - a {strange} one of ssh://me:hunter2x@host/": "a {strange} one",
}


@pytest.mark.parametrize("said", SAID)
def test_what_a_plug_in_says_is_one_line_without_a_secret(said: str) -> None:
    found = remotes.read(1, f"{SSH}\n{said}\n\nHaving any troubles? Hit us up at https://dvc.org/support\n")
    line = str(found.error)
    assert SAID[said] in line
    assert line.startswith("DVC's remote store at ssh://me:***@host:2222/srv/data: ")
    assert line.endswith(".")
    assert not [word for word in ("\n", "dvc.org", "{name}", "{0}", "{1}") if word in line]
    assert "hunter2x" not in line
    assert type(found.error) is (MissingError if "not installed" in line else StorageError)


def test_every_meaning_has_been_heard() -> None:
    patterns = [pattern for pattern, *_ in remote_errors.MEANINGS]
    heard = {next((one for one in patterns if re.search(one, said)), None) for said in SAID}
    assert heard == {*patterns, None}


def test_a_remote_that_answers_has_no_fault() -> None:
    there, gone = (remotes.read(0, f"{S3}\nremote is {said}\n") for said in ("there", "gone"))
    none = remotes.read(0, "remote: none\n")
    assert (there.name, there.address, there.is_there, there.fault) == ("bucket", "s3://bucket/data", True, "")
    assert (gone.is_there, gone.fault) == (False, "")
    assert none == remote_errors.Remote()


def test_a_process_that_ends_without_a_word_is_a_fault() -> None:
    assert "DVC ended with code -9" in str(remotes.read(-9, f"{S3}\nremote is there\n").error)
