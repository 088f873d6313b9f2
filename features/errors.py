"""Exceptions by kind of fault, each with the exit code of the command line."""

from typing import ClassVar


class HoldfastError(Exception):
    """A fault that the user can fix; its text names the thing, the value and the remedy."""

    exit_code: ClassVar[int] = 2


class SpecError(HoldfastError, ValueError):
    """The spec is wrong: an unknown key, a value out of range, an undeclared name."""


class UsageError(HoldfastError, ValueError):
    """A command was called with arguments that it cannot use."""


class MissingError(HoldfastError, FileNotFoundError):
    """A file, version or alias does not exist."""


class StorageError(HoldfastError, OSError):
    """The disk refused a write: it is full, read-only or gone. No partial file remains."""


class DataError(HoldfastError, ValueError):
    """The data are refused: they cannot be read, or they violate their declarations."""

    exit_code: ClassVar[int] = 5


class SchemaError(DataError):
    """A table lacks declared columns, types or keys."""


class ContractError(DataError):
    """A model was given rows that violate its contract, or its stored files do not load."""


class MetricError(HoldfastError, ValueError):
    """A metric is undefined on these rows: one class only, no rows, or unequal lengths."""

    exit_code: ClassVar[int] = 5
