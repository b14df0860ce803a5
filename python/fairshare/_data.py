"""What a caller gives as data, as the compiled part takes it: paths as text, and objects that give arrays."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Union, cast, runtime_checkable

from fairshare._arrays import Chunks
from fairshare._native import IngestError

if TYPE_CHECKING:
    from fairshare import Policy


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever gives its records as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule named ``arrow_array_stream``."""


class Array(Protocol):
    """A NumPy array, of which nothing else is asked."""

    @property
    def dtype(self) -> Any:
        """What its elements are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many there are."""


One = Union[str, "os.PathLike[str]", ArrowStream, Array, Mapping[str, Any]]
Data = Union[One, Sequence[One]]
"""A table or a path, or a list of either: see the package's own text."""


def items(data: Data, policy: Policy) -> list[object]:
    """The tables or paths of one dataset, each with the columns that the policy reads."""
    columns = policy.columns
    if isinstance(data, (list, tuple)):
        return [one(part, columns) for part in data]
    return [one(data, columns) for data in [cast(One, data)]]


def one(data: object, columns: list[str] | None) -> object:
    """One table or path. Of NumPy without names the columns are those given, which only a policy has."""
    if isinstance(data, (str, os.PathLike)):
        return os.fsdecode(data)
    if hasattr(data, "__arrow_c_stream__"):
        if _has_null_records(data):
            raise IngestError("some records themselves are null, not their cells; leave them out, or give a table")
        return _narrowed(data, columns)
    if isinstance(data, Mapping):
        names = [str(name) for name in data]
        if len(set(names)) < len(names):
            raise TypeError(f"two columns of one name, among {', '.join(names)}: give each its own")
        return Chunks(dict(zip(names, data.values())))
    shape, dtype = getattr(data, "shape", None), getattr(data, "dtype", None)
    if shape is not None and dtype is not None:
        return Chunks(_columns(data, shape, dtype, columns))
    kind = type(data).__name__
    raise TypeError(f"a {kind} is neither a path nor a table: give an Arrow table, a DataFrame, or NumPy arrays")


_begun: dict[int, weakref.ref[object]] = {}
"""Readers of which a batch may be gone, by identity. None is kept alive, and none outlives its entry."""


def begin(reader: object) -> bool:
    """Marks what gives its batches once as begun; False if any call began it before."""
    key = id(reader)
    try:
        mark = weakref.ref(reader, lambda _: _begun.pop(key, None))
    except TypeError:
        # Of what takes no weak reference only one call's own uses are known.
        return True
    return _begun.setdefault(key, mark) is mark


def _has_null_records(data: Any) -> bool:
    """Of a column of structs, each of which would be a record. A table has none, and so no number of them."""
    if hasattr(data, "columns"):
        return False
    count = getattr(data, "null_count", 0)
    return bool(count() if callable(count) else count) or bool(getattr(data, "hasnans", False))


def _narrowed(data: Any, columns: list[str] | None) -> object:
    """A frame with the columns that are read: others would be converted, or could not be, for nothing."""
    library = type(data).__module__.split(".")[0]
    if library == "pyarrow":
        names = getattr(data, "column_names", None)
    else:
        names = getattr(data, "columns", None) if library in ("pandas", "polars") else None
    if names is not None and columns is not None:
        wanted = [name for name in names if name in set(columns)]
        if set(wanted) == set(columns) and len(set(names)) == len(names):
            data = data.select(wanted) if library == "pyarrow" else data[wanted]
    if library == "polars" and names is not None:
        # It gives columns of its type without values in a form that Arrow does not have.
        polars = sys.modules["polars"]
        data = data.cast({polars.Null: polars.Boolean})
    return data


def _columns(data: Any, shape: tuple[int, ...], dtype: Any, columns: list[str] | None) -> dict[str, Any]:
    if dtype.names is not None and len(shape) == 1:
        return {name: data[name] for name in dtype.names}
    if len(shape) != 2:
        raise TypeError(f"an array of shape {shape}: give (records, columns), or a structured array of (records,)")
    if columns is None:
        raise TypeError("an array without names of columns: give a dict of arrays, or a structured array")
    if shape[1] != len(columns):
        raise TypeError(f"{shape[1]} columns, but the policy reads {len(columns)}: {', '.join(columns)}")
    return {name: data[:, index] for index, name in enumerate(columns)}


def several(argument: str, given: Sequence[Data]) -> Sequence[Data]:
    """A list of tables and paths. One of them alone would be taken apart, into letters or columns."""
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"`{argument}` is a {type(given).__name__}: give a list of tables or paths")
    return given


def named(argument: str, given: Sequence[str]) -> list[str]:
    """A list of columns' names."""
    if isinstance(given, (str, bytes)):
        raise TypeError(f"`{argument}` is one name: give a list of names")
    return list(given)


def paths(folders: object) -> list[str]:
    """One path, or several."""
    if isinstance(folders, (str, os.PathLike)):
        return [os.fspath(folders)]
    return [os.fspath(folder) for folder in cast("Sequence[str]", folders)]


def publics(given: object) -> list[bytes | str]:
    """One public thing, or several: bytes as they are, paths as text."""
    if isinstance(given, (bytes, str, os.PathLike)):
        given = [given]
    return [one if isinstance(one, bytes) else os.fspath(one) for one in cast("Sequence[bytes | str]", given)]
