"""The image holds code and no secret, runs as nobody special, and installs what the lock names by its hashes."""

import json
import re
from pathlib import Path

import pytest

from pipelines.cli import parser

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def instructions(root: Path) -> list[Instruction]:
    """Every instruction with its words, lines that go on joined."""
    text = (root / "pipelines/jobs/service/Dockerfile").read_text()
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def of(instructions: list[Instruction], name: str) -> list[str]:
    return [words for one, words in instructions if one == name]


def test_no_secret_and_no_address_is_in_it(instructions: list[Instruction]) -> None:
    text = "\n".join(" ".join(one) for one in instructions)
    assert not re.search(r"password|secret|token|hf_|_URI|index-url|trusted-host|\bARG\b", text, re.IGNORECASE)
    assert re.findall(r"\w+://[^/']+", text) == ["http://127.0.0.1:8080"]
    assert len(of(instructions, "FROM")) == 1
    assert "/" not in of(instructions, "FROM")[0]


def test_only_code_and_what_it_reads_is_copied(instructions: list[Instruction], root: Path) -> None:
    copied = {name for words in of(instructions, "COPY") for name in words.split()[:-1]}
    assert copied <= {"features", "experiments", "pipelines", *(path.name for path in root.glob("*.*"))}
    assert all((root / name).exists() for name in copied)
    assert not of(instructions, "ADD")


def test_packages_come_by_their_hashes(instructions: list[Instruction]) -> None:
    installs = [one for words in of(instructions, "RUN") for one in words.split("&&") if "pip install" in one]
    assert ["--require-hashes" in one or "--editable ." in one for one in installs] == [True] * len(installs) != []
    assert all("--no-deps" in one for one in installs)


def test_it_runs_as_a_user_of_its_own_once_all_is_installed(instructions: list[Instruction]) -> None:
    names = [name for name, _ in instructions]
    assert of(instructions, "USER") == ["10001"]
    assert "RUN" not in names[names.index("USER") :]
    assert not re.search(r"chown -R|chmod", " ".join(of(instructions, "RUN")))


def test_its_health_is_asked_by_python_itself(instructions: list[Instruction]) -> None:
    words = json.loads(of(instructions, "HEALTHCHECK")[0].partition("CMD ")[2])
    assert words[:2] == ["python", "-c"]
    compile(words[2], "healthcheck", "exec")
    assert "urllib.request.urlopen('http://127.0.0.1:8080/health'" in words[2]


def test_what_it_starts_is_the_command(instructions: list[Instruction]) -> None:
    words = json.loads(of(instructions, "ENTRYPOINT")[0]) + json.loads(of(instructions, "CMD")[0])
    assert words[:3] == ["python", "-m", "pipelines"]
    asked = parser().parse_args(words[3:])
    assert (asked.command, asked.specs, asked.port, asked.without_keys) == ("serve", ["demo"], 8080, False)
    assert f"EXPOSE {asked.port}" in [" ".join(one) for one in instructions]
