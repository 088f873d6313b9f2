"""Tables as Arrow IPC streams, of clients: only uncompressed, flat and valid ones are read."""

import struct
from typing import cast

import pandas as pd
import pyarrow as pa
from pyarrow import ipc

from pipelines.jobs.service.web.errors import BadRequest, TooLarge

DICTIONARY, RECORDS = 2, 3
# Where a flatbuffer's table of these kinds has them: Message.header_type and .header, RecordBatch.compression,
# DictionaryBatch.data (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication).
HEADER_TYPE, HEADER, COMPRESSION, DATA = 1, 2, 3, 1
MOST_COLUMNS = 10_000


def read(body: bytes, *, most: int) -> pd.DataFrame:
    """The rows of a stream.

    Raises BadRequest where it is no stream, is compressed (a small one may unpack to more than there is memory), or has
    nested columns; TooLarge where it has more than `most` rows.
    """
    try:
        refuse_compressed(body)
        found = ipc.open_stream(body).read_all()
        found.validate(full=True)
        refuse_nested(found.schema)
        if found.num_rows > most:
            raise TooLarge(f"the stream has more than {most:,} rows; send it in parts.")
        return cast("pd.DataFrame", found.to_pandas())
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, MemoryError, struct.error) as error:
        if isinstance(error, BadRequest | TooLarge):
            raise
        raise BadRequest("the body is no valid Arrow IPC stream.") from None


def written(table: pa.Table) -> bytes:
    """A table as a stream."""
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def refuse_nested(schema: pa.Schema) -> None:
    """Raise BadRequest unless every column has one value a row, and a name of its own."""
    types = [one.type.value_type if pa.types.is_dictionary(one.type) else one.type for one in schema]
    nested = (pa.types.is_nested(one) or isinstance(one, pa.BaseExtensionType) for one in types)
    if len(types) > MOST_COLUMNS or len(set(schema.names)) < len(types) or any(nested):
        raise BadRequest(f"a stream has up to {MOST_COLUMNS:,} columns of different names, each with one value a row.")


def refuse_compressed(body: bytes) -> None:
    """Raise BadRequest where a batch says that its buffers are compressed; pyarrow has no switch for it."""
    messages = ipc.MessageReader.open_stream(body)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        metadata = bytes(message.metadata)
        header, kind = _table_at(metadata, _root(metadata), HEADER), _byte_at(metadata, _root(metadata), HEADER_TYPE)
        if kind == DICTIONARY and header:
            header = _table_at(metadata, header, DATA)
        if kind in (DICTIONARY, RECORDS) and header and _slot(metadata, header, COMPRESSION):
            raise BadRequest("a compressed stream is not taken; write it without compression.")


def _root(metadata: bytes) -> int:
    return int(struct.unpack_from("<I", metadata, 0)[0])


def _slot(metadata: bytes, table: int, field: int) -> int:
    """Where a field of a flatbuffer's table stands; 0 where it is not there."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    size = struct.unpack_from("<H", metadata, vtable)[0]
    place = 4 + 2 * field
    offset = struct.unpack_from("<H", metadata, vtable + place)[0] if place + 2 <= size else 0
    return table + offset if offset else 0


def _table_at(metadata: bytes, table: int, field: int) -> int:
    slot = _slot(metadata, table, field)
    return slot + int(struct.unpack_from("<I", metadata, slot)[0]) if slot else 0


def _byte_at(metadata: bytes, table: int, field: int) -> int:
    slot = _slot(metadata, table, field)
    return metadata[slot] if slot else 0
