"""The list of a round as files: CSV, Excel, Parquet, and a page that needs nothing beside itself."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from pipelines.files import spreadsheet, storage
from pipelines.outreach import reasons, round_treatments
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.opt_outs import NO_OPT_OUTS, OptedOut, of_action
from pipelines.outreach.operations.rounds import Round
from pipelines.raw_data.erased import are_pseudonyms
from pipelines.reporting import round_page

PROBABILITY = "probability_of_"
SHOWN = ("customer_id", "action", "next_best_action", "level", "risk", "expected_value", "because")
# Of the most urgent of a customer's open warnings; all their rules. Empty texts where there is no warning.
WARNED = ("urgency", "owner", "due_at", "warned_of")
WITHHELD = "withheld by chance: do not contact"
OPTED_OUT = "opted out since: do not contact"


def shown(assignments: pd.DataFrame, opted_out: OptedOut = NO_OPT_OUTS) -> pd.DataFrame:
    """The list as people see it: each probability in a column, and said of whom the draw withholds.

    Who opted out of the action since the draw, by action, is not to be contacted. Urgency and owner are those of the
    warnings that were open when the round was drawn.
    """
    probabilities = pd.DataFrame(assignments["probabilities"].tolist(), index=assignments.index)
    because = assignments["because"].where(~assignments["withheld"], WITHHELD)
    kept = assignments.assign(because=because, next_best_action=assignments["next_best"])[[*SHOWN]].copy()
    for name in ("action", "next_best_action"):
        pairs = zip(kept["customer_id"], kept[name], strict=True)
        refused = [one != NONE and who in of_action(opted_out, one) for who, one in pairs]
        if name == "action":
            kept.loc[refused, "because"] = OPTED_OUT
        kept.loc[refused, name] = NONE
    told = (
        kept.join(_why(assignments).where(kept["action"] != NONE, ""))
        .join(_warned(assignments))
        .join(_reasons(assignments))
    )
    return told.join(probabilities.add_prefix(PROBABILITY))


def _warned(assignments: pd.DataFrame) -> pd.DataFrame:
    """What the open warnings of each customer say, the most urgent of which comes first."""
    rows = [
        (*(str(found[0][name]) for name in ("level", "owner", "due_at")), ", ".join(str(one["rule"]) for one in found))
        if found
        else ("",) * len(WARNED)
        for found in assignments["warnings"]
    ]
    return pd.DataFrame(rows, columns=[*WARNED], index=assignments.index, dtype=object)


def _why(assignments: pd.DataFrame) -> pd.DataFrame:
    """What the effect of each action rests on, in a column for each language."""
    return pd.DataFrame(assignments["why_action"].tolist(), columns=list(reasons.WHY), index=assignments.index)


def _reasons(assignments: pd.DataFrame) -> pd.DataFrame:
    """The reasons in a column each for place and language; empty texts where there are fewer."""
    names = reasons.columns()
    padded = [[text for pair in pairs for text in pair] for pairs in assignments["reasons"]]
    rows = [[*texts, *[""] * (len(names) - len(texts))] for texts in padded]
    return pd.DataFrame(rows, columns=names, index=assignments.index, dtype=object)


def write(
    folder: Path,
    round_: Round,
    assignments: pd.DataFrame,
    *,
    title: str,
    currency: str,
    time_zone: str,
    opted_out: OptedOut = NO_OPT_OUTS,
) -> None:
    """Write the list of a round, and the round as rows of the table `treatments`.

    The list says who opted out since the draw; `treatments` has what was drawn. Erased people are in neither. Equal
    rounds give equal bytes, but for Excel's, which has a date in it.
    """
    assignments = assignments[~are_pseudonyms(assignments["customer_id"])].reset_index(drop=True)
    listed = shown(assignments, opted_out)
    with storage.replacing_folder(folder) as into:
        spreadsheet.write(into / "list.csv", listed)
        storage.write_parquet(into / "list.parquet", pa.Table.from_pandas(listed, preserve_index=False))
        _excel(into / "list.xlsx", listed)
        page = round_page.render(round_, listed[listed["action"] != NONE], title=title, currency=currency)
        storage.write_bytes(into / "list.html", page.encode())
        drawn = round_treatments.rows(round_, assignments, time_zone=time_zone)
        storage.write_parquet(into / "treatments.parquet", drawn)


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
