"""The flights of the repository's example, in every form that data comes in."""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

import fairshare

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FLIGHTS = REPOSITORY / "examples" / "flights"
CONTRIBUTOR = "0x00000000000000000000000000000000000000A1"
NODE = "0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4"


@pytest.fixture(scope="session")
def policy() -> fairshare.Policy:
    return fairshare.Policy.load(FLIGHTS / "policy-compact.toml")


@pytest.fixture(scope="session")
def parameters() -> fairshare.Parameters:
    return fairshare.Parameters.insecure("compact")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def flights() -> pyarrow.Table:
    """A year of flights from one airport, 111,279 records, as Parquet has them."""
    return pyarrow.parquet.read_table(FLIGHTS / "JFK.parquet")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A ledger that the command began and exported."""
    folder = tmp_path_factory.mktemp("archive")

    def run(*words: str) -> None:
        subprocess.run([os.environ["FAIRSHARE_COMMAND"], *words], check=True, cwd=folder, capture_output=True)

    run("params", "insecure", "--geometry", "compact", "--out", "dev.srs")
    policy = str(FLIGHTS / "policy-compact.toml")
    run("vault", "init", "--ledger", "v.ledger", "--policy", policy, "--params", "dev.srs", "--begin")
    run("vault", "export", "--ledger", "v.ledger", "--archive", "v.tar")
    return folder / "v.tar"


def structured(table: pyarrow.Table) -> numpy.ndarray[Any, Any]:
    """Missing numbers as NaN, text as fixed in width."""
    frame = table.to_pandas()
    types = [(name, "U4" if frame[name].dtype.kind not in "if" else "f8") for name in frame.columns]
    array = numpy.empty(len(frame), dtype=types)
    for name in frame.columns:
        array[name] = frame[name].to_numpy()
    return array


def chunked(table: pyarrow.Table) -> pyarrow.Table:
    """The same records in uneven chunks, some of them slices that begin within a buffer."""
    parts = [table.slice(0, 7), table.slice(7, 20_001), table.slice(20_008, 0), table.slice(20_008)]
    return pyarrow.concat_tables(parts)


def dictionaries(table: pyarrow.Table) -> pyarrow.Table:
    index = table.schema.get_field_index("carrier")
    return table.set_column(index, "carrier", table["carrier"].dictionary_encode())


def queried(flights: pyarrow.Table) -> Any:
    return duckdb.sql("SELECT * FROM flights")


FORMS: dict[str, Callable[[pyarrow.Table, pathlib.Path], Any]] = {
    "pandas": lambda table, _: table.to_pandas(),
    "pandas with an object column": lambda table, _: table.to_pandas().assign(other=[object] * len(table)),
    "pandas with categories": lambda table, _: table.to_pandas().astype({"carrier": "category"}),
    "pandas with arrow types": lambda table, _: table.to_pandas(types_mapper=pandas.ArrowDtype),
    "pyarrow": lambda table, _: table,
    "pyarrow in chunks": lambda table, _: chunked(table),
    "pyarrow with dictionaries": lambda table, _: dictionaries(table),
    "pyarrow's reader": lambda table, _: table.to_reader(max_chunksize=10_000),
    "two tables": lambda table, _: [table.slice(0, 50_000), polars.from_arrow(table.slice(50_000))],
    "polars": lambda table, _: polars.from_arrow(table),
    "duckdb": lambda table, _: queried(table),
    "numpy, structured": lambda table, _: structured(table),
    "numpy, by name": lambda table, _: {name: structured(table)[name] for name in table.column_names},
    "parquet": lambda _, __: FLIGHTS / "JFK.parquet",
    "csv": lambda table, folder: written(table, folder),
}


def written(table: pyarrow.Table, folder: pathlib.Path) -> str:
    path = folder / "flights.csv"
    pyarrow.csv.write_csv(table, path)
    return str(path)


@pytest.fixture(params=list(FORMS))
def form(request: pytest.FixtureRequest, flights: pyarrow.Table, tmp_path: pathlib.Path) -> Any:
    return FORMS[request.param](flights, tmp_path)
