"""How a command answers on the screen."""

from collections.abc import Iterable, Sequence


def say(*lines: str) -> None:
    """Lines of an answer, on standard output."""
    for line in lines:
        print(line)  # noqa: T201 - the command's answer


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of equally many cells as lines whose columns stand under each other."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
