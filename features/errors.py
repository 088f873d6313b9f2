"""What can go wrong, by kind; each kind knows the exit code that the command line ends with."""

from typing import ClassVar


class HoldfastError(Exception):
    """A fault that the user can mend; its text names the thing, the value and the remedy."""

    exit_code: ClassVar[int] = 2


class SpecError(HoldfastError, ValueError):
    """The spec is wrong: an unknown key, a value out of range, a name nobody declared."""


class UsageError(HoldfastError, ValueError):
    """A command was given words that it cannot act on."""


class MissingError(HoldfastError, FileNotFoundError):
    """A file, a version or an alias is not where it must be."""


class StorageError(HoldfastError, OSError):
    """The disk refused: it is full, read-only or gone. Nothing half-written stays."""


class DataError(HoldfastError, ValueError):
    """The data are refused: they cannot be read, or they break what was declared of them."""

    exit_code: ClassVar[int] = 5


class SchemaError(DataError):
    """A table has not the columns, the types or the keys that were declared of it."""


class ContractError(DataError):
    """A model was given rows that do not fit its contract, or cannot be loaded as it was stored."""


class MetricError(HoldfastError, ValueError):
    """A figure would mean nothing on these rows: one class only, no rows, lengths that differ."""

    exit_code: ClassVar[int] = 5
