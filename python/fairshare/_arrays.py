"""NumPy's arrays as columns, handed over a few thousand records at a time. NumPy itself is not imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHUNK = 65_536
"""Records that are copied at once."""

_KINDS = {"f": "float", "i": "int", "u": "uint", "b": "bool", "U": "text", "S": "text", "O": "text"}
_WORDS = {"float": "<f8", "int": "<i8", "uint": "<u8", "bool": "?"}


class Chunks:
    """Columns of one length, each a one-dimensional array, or a list of text."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = {name: _checked(name, column) for name, column in columns.items()}
        lengths = {name: len(column) for name, column in self._columns.items()}
        if not lengths:
            raise TypeError("no columns: give at least one")
        self._length = next(iter(lengths.values()))
        for name, length in lengths.items():
            if length != self._length:
                raise TypeError(f"column `{name}` has {length} records, others have {self._length}")

    def __len__(self) -> int:
        return self._length

    def columns(self) -> list[tuple[str, str]]:
        """Names, and what the cells are."""
        return [(name, _kind(column)) for name, column in self._columns.items()]

    def chunk(self, index: int) -> list[bytes | list[str | None]] | None:
        """The cells of the records from ``index * CHUNK`` on; None at the end."""
        start = index * CHUNK
        if start >= self._length:
            return None
        return [_cells(name, column[start : start + CHUNK]) for name, column in self._columns.items()]


def _kind(column: Any) -> str:
    return "text" if isinstance(column, (list, tuple)) else _KINDS[column.dtype.kind]


def _checked(name: str, column: Any) -> Any:
    if isinstance(column, (list, tuple)):
        return column
    dtype, shape = getattr(column, "dtype", None), getattr(column, "shape", None)
    if dtype is None or shape is None or len(shape) != 1:
        raise TypeError(f"column `{name}`: not an array of shape (records,)")
    if not hasattr(column, "tobytes") or not hasattr(dtype, "kind"):
        library = type(column).__module__.split(".")[0]
        raise TypeError(f"column `{name}`: a {type(column).__name__} of {library}; make it a NumPy array")
    if hasattr(column, "mask"):
        raise TypeError(f"column `{name}`: a masked array; fill it, with NaN where a number is missing")
    if dtype.kind not in _KINDS or (dtype.kind == "f" and dtype.itemsize > 8):
        raise TypeError(f"column `{name}`: cells of {dtype} are not read; convert them to numbers or text")
    return column


def _cells(name: str, cells: Any) -> bytes | list[str | None]:
    kind = _kind(cells)
    if kind != "text":
        packed: bytes = cells.astype(_WORDS[kind]).tobytes()
        return packed
    values = cells if isinstance(cells, (list, tuple)) else cells.tolist()
    return [_text(name, value) for value in values]


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bytes):
        return value.decode()
    said = f"column `{name}`: a {type(value).__name__} among text; give each column one type"
    raise TypeError(f"{said}, and numbers as a NumPy array")
