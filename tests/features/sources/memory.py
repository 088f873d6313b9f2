"""Raw files that are only in memory."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa


class MemoryRaw:
    """Tables by the names of the files that they stand for; see features.source.Raw."""

    def __init__(self, files: Mapping[str, pa.Table]) -> None:
        self._files = files
        self.names = tuple(sorted(files))
        self.database = duckdb.connect()

    def texts(self, name: str) -> pa.Table:
        return self._files[name]

    def relation(self, name: str) -> str:
        self.database.register(name, self._files[name])
        return f'"{name}"'
