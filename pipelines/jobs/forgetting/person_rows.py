"""Which rows of a spec's raw files are of a customer: by the key of a table, by the mappings of an event log."""

from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import UsageError
from features.event_log import identities, look_ups, received, watch
from features.event_log.expressions import literal, quoted
from features.event_log.judging import IDENTITIES
from features.event_log.keyed_files import as_key
from features.event_log.options import EventLogOptions, MappingOptions
from features.event_log.recorded import RECORDED
from features.file_format import is_named
from features.table_options import TableOptions
from pipelines.raw_data.raw_files import RawFiles

Mask = npt.NDArray[np.bool_]
# By the name of a raw file: which of its rows are of the customer, shape (n_rows,).
Rows = Mapping[str, Mask]
PLACE = quoted("forget: place")


def of_table(raw: RawFiles, options: TableOptions, customer: str) -> Rows:
    """The rows of a table's files, a joined file by the key by which its row is found.

    A joined row that another customer's row leads to as well stays. Raises UsageError for a table without a key, whose
    rows nobody can tell to be of a person.
    """
    if options.key is None:
        raise UsageError("the spec's table has no key: no row of it says of whom it is; name one in `source.key`.")
    own = _texts(raw, options.file)
    rows, found = {options.file: own}, {options.file: _equals(own[options.key], {customer})}
    for join in options.joins:
        rows[join.file] = _texts(raw, join.file)
        of, by = join.of or options.file, join.by or options.key
        keys = pa.array(_trimmed(rows[of][by]), pa.string())
        ours = set(keys.filter(pa.array(found[of])).drop_null().to_pylist())
        others = set(keys.filter(pa.array(~found[of])).drop_null().to_pylist())
        found[join.file] = _equals(rows[join.file][join.key], ours - others)
    return {name: mask for name, mask in found.items() if mask.any()}


def of_event_log(raw: RawFiles, options: EventLogOptions, customer: str) -> Rows:
    """The rows of an event log's files: those that its mappings give to the customer, of contacts and opt-outs too, of
    files with identities those of the customer, of files that are looked up those that only rows of the customer lead
    to, and of received rows those that say so.
    """
    watch.prepare(raw.database)
    identities.read(raw, options)
    asked = f"SELECT key FROM {IDENTITIES} WHERE customer = {literal(customer)}"  # noqa: S608 - a literal
    keys = {str(key) for (key,) in raw.database.execute(asked).fetchall()}
    found: dict[str, Mask] = {}
    for one in options.identities:
        relation = _placed(raw, one.file)
        _add(found, one.file, _where(raw, relation, one.customer_id, {customer}))
    of_tables = (options.mappings(table) for table in options.tables)
    for where, mapping in chain.from_iterable([*of_tables, *(options.recorded(kind) for kind in RECORDED)]):
        wanted = keys | {customer} if mapping.identity else {customer}
        for name in _files(raw, mapping):
            _of_mapping(raw, mapping, where, name, wanted, found)
    if received.FILE in raw.names:
        customer_id = "json_extract_string(\"row\", '$.customer_id')"
        _add(found, received.FILE, _where(raw, _placed(raw, received.FILE), customer_id, {customer}))
    return {name: mask for name, mask in found.items() if mask.any()}


def _of_mapping(
    raw: RawFiles, mapping: MappingOptions, where: str, name: str, wanted: set[str], found: dict[str, Mask]
) -> None:
    relation = _placed(raw, name)
    plain = [row[0] for row in raw.database.execute(f"DESCRIBE {relation}").fetchall()]
    chosen = ", ".join(f"{quoted(one)} AS {quoted(mapping.rename.get(one, one))}" for one in plain)
    relation = f"(SELECT {chosen} FROM {relation})"  # noqa: S608 - quoted names
    relation = look_ups.looked_up(raw, relation, where=where, mapping=mapping, file=name)
    mask = _where(raw, relation, mapping.columns["customer_id"], wanted)
    _add(found, name, mask)
    for one in mapping.look_up.values():
        by = _values(raw, relation, one.by)
        ours, others = set(by[mask]) - {None}, set(by[~mask])
        theirs = _where(raw, _placed(raw, one.file), one.key, {str(key) for key in ours - others})
        _add(found, one.file, theirs)


def _files(raw: RawFiles, mapping: MappingOptions) -> Iterator[str]:
    yield from (name for name in raw.names if any(is_named(name, pattern) for pattern in mapping.files))


def _add(found: dict[str, Mask], name: str, mask: Mask) -> None:
    found[name] = found[name] | mask if name in found else mask


def _where(raw: RawFiles, relation: str, expression: str, keys: set[str]) -> Mask:
    values = _values(raw, relation, expression)
    return np.array([one in keys for one in values], dtype=np.bool_)


def _values(raw: RawFiles, relation: str, expression: str) -> npt.NDArray[np.object_]:
    """An expression of each row of a file as a key, in the order of the file; None where it has no value."""
    asked = f"SELECT {PLACE}, TRY({as_key(expression)}) AS key FROM {relation}"  # noqa: S608 - checked expressions
    places, keys = raw.database.sql(asked).to_arrow_table().columns
    values = np.full(len(places), None, dtype=object)
    values[places.to_numpy()] = keys.to_pylist()
    return values


def _placed(raw: RawFiles, name: str) -> str:
    """A file in the database with the place of each row: Parquet in its own types, anything else as texts."""
    view = quoted(f"forget: {name}")
    rows = raw.in_own_types(name)
    places = pa.array(range(rows.num_rows), pa.int64())
    raw.database.register(f"forget: {name}", rows.append_column("forget: place", places))
    return view


def _texts(raw: RawFiles, name: str) -> pa.Table:
    return raw.texts(name)


def _trimmed(values: pa.ChunkedArray) -> list[str | None]:
    return [None if one is None else one.strip() for one in values.to_pylist()]


def _equals(values: pa.ChunkedArray, keys: set[str]) -> Mask:
    return np.array(pc.is_in(pa.array(_trimmed(values), pa.string()), pa.array(sorted(keys), pa.string())), dtype=bool)
