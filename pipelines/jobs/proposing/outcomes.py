"""Counts of customers and of the rarer outcome, for training and for the gate cohort."""

from dataclasses import dataclass
from math import ceil

import duckdb

from experiments.rows.minimum_sizes import FEWEST_OF_AN_OUTCOME
from experiments.sections.gate import GateSpec
from features.event_log.expressions import literal
from pipelines.jobs.proposing.sheets import Sheet
from pipelines.jobs.proposing.table_roles import Arms, Label

# Enough of the rarer outcome for five folds; with fewer, three.
MANY = 500
SHARES = (0.2, 0.3, 0.4)


@dataclass(frozen=True)
class Counted:
    """Counts of rows, of leavers, and of the rarer outcome without action; the gate's share and the number of folds."""

    rows: int
    left: int
    rarer: int
    gate_share: float
    folds: int

    @property
    def base_rate(self) -> float:
        """The share that left."""
        return self.left / max(self.rows, 1)

    @property
    def in_gate(self) -> int:
        """About how many of the rarer outcome the gate cohort has."""
        return int(self.rarer * self.gate_share)

    @property
    def words(self) -> str:
        """The counts, and whether they suffice, in sentences."""
        needed = GateSpec().minimum_positives
        told = (
            f"{self.rows:,} customers, of whom {self.left:,} left ({100 * self.base_rate:.2g} %); of the rarer outcome"
            f" about {self.in_gate:,} in the gate cohort."
        )
        if self.in_gate < FEWEST_OF_AN_OUTCOME:
            rows = ceil(FEWEST_OF_AN_OUTCOME / max(self.rarer, 1) / self.gate_share * self.rows)
            return f"{told} Too few to measure anything: `run` stops at `build`. About {rows:,} such rows would do."
        if self.in_gate < needed:
            return (
                f"{told} Fewer than {needed} (gate.minimum_positives): a run trains and reports with wide intervals,"
                " and the gate answers INSUFFICIENT_DATA: too few to conclude whether the model is good enough."
            )
        return told


def counted(
    sheet: Sheet, label: Label, arms: Arms | None, gone: dict[str, tuple[str, ...]], database: duckdb.DuckDBPyConnection
) -> Counted:
    """Count the outcomes of a sheet, without the rows to leave out."""
    c = sheet.sql(label.column)
    kept = [
        f"coalesce({sheet.sql(name)}, '') NOT IN ({', '.join(map(literal, texts))})" for name, texts in gone.items()
    ]
    here = f"{sheet.sql(arms.column)} = {literal(arms.control)}" if arms else "true"
    bad, good = f"{c} = {literal(label.churned)}", f"{c} = {literal(label.retained)}"
    query = f"""SELECT count(*), count(*) FILTER ({bad}), count(*) FILTER ({here} AND {bad}),
        count(*) FILTER ({here} AND {good})
        FROM {sheet.table} WHERE {" AND ".join(kept) or "true"}"""  # noqa: S608 - names of our own, texts as literals
    rows, left, churned, retained = database.execute(query).fetchall()[0]
    rarer = min(churned, retained)
    enough = GateSpec().minimum_positives
    share = next((one for one in SHARES if rarer * one >= enough), SHARES[0] if rarer * SHARES[-1] < enough else 0.4)
    return Counted(rows, left, rarer, share, 5 if rarer >= MANY else 3)
