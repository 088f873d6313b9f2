"""The list of a round as files: CSV, Excel, Parquet, and a page that needs nothing beside itself."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from pipelines.files import spreadsheet, storage
from pipelines.outreach import reasons
from pipelines.outreach.operations.rounds import NONE, Round
from pipelines.reporting import round_page

PROBABILITY = "probability_of_"
SHOWN = ("customer_id", "action", "level", "risk", "expected_value", "because")
WITHHELD = "withheld by chance: do not contact"


def shown(assignments: pd.DataFrame) -> pd.DataFrame:
    """The list as people see it: each probability in a column, and said of whom the draw withholds."""
    probabilities = pd.DataFrame(assignments["probabilities"].tolist(), index=assignments.index)
    because = assignments["because"].where(~assignments["withheld"], WITHHELD)
    kept = assignments.assign(because=because)[[*SHOWN]]
    return kept.join(_reasons(assignments)).join(probabilities.add_prefix(PROBABILITY))


def _reasons(assignments: pd.DataFrame) -> pd.DataFrame:
    """The reasons in a column each for place and language; empty texts where there are fewer."""
    names = reasons.columns()
    padded = [[text for pair in pairs for text in pair] for pairs in assignments["reasons"]]
    rows = [[*texts, *[""] * (len(names) - len(texts))] for texts in padded]
    return pd.DataFrame(rows, columns=names, index=assignments.index, dtype=object)


def write(folder: Path, round_: Round, assignments: pd.DataFrame, *, title: str, currency: str) -> None:
    """Write the list of a round; equal rounds give equal bytes, but for Excel's, which has a date in it."""
    listed = shown(assignments)
    with storage.replacing_folder(folder) as into:
        spreadsheet.write(into / "list.csv", listed)
        storage.write_parquet(into / "list.parquet", pa.Table.from_pandas(listed, preserve_index=False))
        _excel(into / "list.xlsx", listed)
        page = round_page.render(round_, listed[listed["action"] != NONE], title=title, currency=currency)
        storage.write_bytes(into / "list.html", page.encode())


def folder_of(rounds: Path, as_of: date) -> Path:
    """Where the list of a date is."""
    return rounds / as_of.isoformat()


def _excel(path: Path, listed: pd.DataFrame) -> None:
    """One sheet; every text is a text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("list")
    sheet.freeze_panes = "B2"
    heads = [WriteOnlyCell(sheet, value=str(name)) for name in listed]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in listed.itertuples(index=False):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=None if pd.isna(value) else value)
            if isinstance(value, str):
                cell.data_type = "s"  # else a text that begins with = is a formula
            cells.append(cell)
        sheet.append(cells)
    book.save(path)
