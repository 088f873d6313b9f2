"""What the pages of docs/add say is so: their files are written, their commands typed, and their mistakes made."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.pages import Change, Mistake, Page, Step, missing, read, told
from tests.end_to_end.repository import Repository
from tests.end_to_end.workshop import Workshop

FOLDER = Path(__file__).parents[2] / "docs" / "add"
PAGES = {path.stem: read(path) for path in sorted(FOLDER.glob("*.md"))}
MISTAKES = [
    pytest.param(page, mistake, id=f"{name}-{number}")
    for name, page in PAGES.items()
    for number, mistake in enumerate(page.mistakes, start=1)
]


@pytest.fixture(scope="module")
def workshop(copy_of_repository: Callable[[], Repository]) -> Iterator[Workshop]:
    with Workshop(copy_of_repository()) as opened:
        yield opened


def typed(workshop: Workshop, step: Step) -> str:
    """Type the commands of a tutorial, of which each ends well unless `echo $?` asks how it ended; what they say."""
    output, code = "", 0
    for command, following in zip(step.commands, [*step.commands[1:], ""], strict=True):
        if command == "echo $?":
            output += f"{code}\n"
            continue
        code, said = workshop.do(command)
        output += said
        assert code == 0 or following == "echo $?", output
    return output


def do(workshop: Workshop, step: Step) -> list[int]:
    """Type the commands of a step, and see that they say what the page says; their exit codes."""
    codes, output = [], ""
    for command in step.commands:
        code, said = workshop.do(command)
        codes.append(code)
        output += said
    assert not missing(step.said, output), output
    return codes


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_what_the_page_adds_does_what_the_page_says(page: Page, workshop: Workshop) -> None:
    assert page.files
    assert page.steps
    with workshop.holding(page.files, page.added):
        for step in page.steps:
            assert set(do(workshop, step)) == {0}


@pytest.mark.parametrize(("page", "mistake"), MISTAKES)
def test_a_mistake_is_answered_as_the_page_says(page: Page, mistake: Mistake, workshop: Workshop) -> None:
    files = {**page.files, **mistake.files}
    added = {name: text for name, text in page.added.items() if name not in mistake.files}
    with workshop.holding(files, added):
        assert 0 not in do(workshop, mistake.step)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page_names_mistakes(page: Page) -> None:
    assert len(page.mistakes) >= 3


# In the order in which they are followed: each goes on where the one before it ended.
TUTORIALS = ("tutorials/your_table", "tutorials/experiment", "how_to/approve_and_roll_back", "how_to/retire_a_spec")


@pytest.mark.slow
@pytest.mark.parametrize("names", [TUTORIALS, ("tutorials/your_event_log",)], ids=["table", "event log"])
def test_a_tutorial_leads_where_it_says(names: tuple[str, ...], workshop: Workshop) -> None:
    for name in names:
        steps = list(told(FOLDER.parent / f"{name}.md"))
        assert any(isinstance(one, Step) and one.said for one in steps)
        for one in steps:
            if isinstance(one, Change):
                path = workshop.root / one.name
                path.write_text(one.made(path.read_text() if path.exists() else ""))
            else:
                output = typed(workshop, one)
                assert not missing(one.said, output), f"{name}: {output}"


def test_what_is_not_said_is_missed() -> None:
    assert not missing("one ... three\nfour", "0\none two  three\nmore\nfour five\n")
    assert missing("four\none", "one\nfour\n") == ["one"]
    assert missing("five", "four") == ["five"]
