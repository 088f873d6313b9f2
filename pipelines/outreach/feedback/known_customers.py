"""Which customers there are, by the newest tables of a spec."""

from pathlib import Path

from pipelines.files import storage


def of_tables(tables: Path) -> frozenset[str]:
    """The customers of the data; none where nothing was ingested."""
    parts = sorted((tables / "customers").glob("*.parquet"))
    columns = (storage.read_parquet(part, ["customer_id"])["customer_id"].to_pylist() for part in parts)
    return frozenset(str(one) for column in columns for one in column)
