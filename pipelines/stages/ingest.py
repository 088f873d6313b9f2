"""Turn raw data into the canonical tables, part by part."""

from collections import Counter

from experiments.spec import ExperimentSpec
from features.errors import MissingError
from pipelines import log, storage
from pipelines.specs import source_of
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Read the source of the spec and write its tables. Raises MissingError when it needs raw files and has none."""
    source, options = source_of(spec)
    if source.needs_files and not workspace.raw.is_dir():
        raise MissingError(
            f"spec '{spec.name}' has no raw data; add some with: python -m pipelines data {spec.name} PATH..."
        )
    raw = storage.read_raw(workspace.raw) if source.needs_files else {}
    counts: Counter[str] = Counter()
    with storage.replacing_folder(workspace.tables) as folder:
        for part in log.track(source.read(raw, options), "ingest", unit="part"):
            storage.write_parquet(folder / part.table / f"{part.name}.parquet", part.rows)
            counts[part.table] += part.rows.num_rows
        about = {"extracted_at": source.extracted_at(options), "rows": dict(counts)}
        storage.write_json(folder / "about.json", about)
    log.done("ingest", spec.name, **counts)
