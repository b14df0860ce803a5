"""Messages name what the caller has: arguments and not the command's options, the path and not a temporary file."""

from __future__ import annotations

import errno
import os
import pathlib
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS

import fairshare


@pytest.fixture(scope="module")
def drafted(flights: pyarrow.Table) -> fairshare.Draft:
    return fairshare.draft([flights.slice(0, 5_000)])


def test_options_are_called_by_their_arguments(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    keys: pathlib.Path,
    flights: pyarrow.Table,
    tmp_path: pathlib.Path,
) -> None:
    part = flights.slice(0, 2_000)
    made = fairshare.commit(policy, parameters, CONTRIBUTOR, part, tmp_path / "c")
    with pytest.raises(fairshare.ProveError, match="raise `memory`, or the limit"):
        fairshare.prove(policy, parameters, made.folder, memory=1)
    lines = [f"0x{score:064x} 0x{score:064x}\n" for score in range(1, 9)]
    (tmp_path / "c" / "scored.txt").write_text("".join(lines))
    with pytest.raises(fairshare.ProveError, match="or give `ninth_score=True` if"):
        fairshare.prove(policy, parameters, made.folder, keys=keys)
    with pytest.raises(fairshare.DraftError, match="`leave_out`"):
        fairshare.draft([part], leave_out=["absent"])
    with pytest.raises(fairshare.DraftError, match="`categorical`"):
        fairshare.draft([part], categorical=["absent"])
    with pytest.raises(fairshare.ParametersError, match=r"\(`allow_insecure=True`\)"):
        made_anew = fairshare.prove(policy, parameters, made.folder, keys=keys, ninth_score=True)
        fairshare.verify(policy, parameters, made_anew.bundle, made.request)


def test_remarks_name_no_option_of_the_command(flights: pyarrow.Table) -> None:
    """Codes among numbers, and a column whose parts differ: what to do is said in this package's words."""
    parts = [flights.slice(0, 20_000), flights.slice(90_000, 20_000)]
    remarks = fairshare.draft(parts).remarks
    assert any("`leave_out`" in remark for remark in remarks)
    assert not any("--" in remark for remark in remarks)


def test_a_file_that_is_not_there_is_a_file_not_found_error(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path
) -> None:
    absent = tmp_path / "absent"
    works = [
        lambda: fairshare.verify(policy, parameters, absent, allow_insecure=True),
        lambda: fairshare.audit(absent, parameters, allow_insecure=True),
    ]
    for work in works:
        with pytest.raises(FileNotFoundError) as raised:
            work()
        assert raised.value.errno == errno.ENOENT
        assert os.fspath(raised.value.filename) == str(absent)


def test_a_draft_that_cannot_be_saved_names_its_own_file(drafted: fairshare.Draft, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "absent"
    with pytest.raises(FileNotFoundError) as raised:
        drafted.save(folder)
    assert os.fspath(raised.value.filename) == str(folder / "reference.json")
    assert "partial" not in str(raised.value)


@pytest.mark.parametrize("given", ["month", b"month"])
@pytest.mark.parametrize("argument", ["leave_out", "categorical"])
def test_one_name_is_not_taken_apart(flights: pyarrow.Table, argument: str, given: Any) -> None:
    with pytest.raises(TypeError, match=f"`{argument}` is one name: give a list"):
        fairshare.draft([flights.slice(0, 5_000)], **{argument: given})


@pytest.mark.parametrize("argument", ["parts", "reference_from"])
def test_one_table_is_not_taken_apart(flights: pyarrow.Table, argument: str) -> None:
    table = flights.slice(0, 5_000)
    for given in [table, table.to_pandas(), "abc", FLIGHTS / "JFK.parquet", {"x": numpy.zeros(2)}]:
        parts: dict[str, Any] = {"parts": [table]} | {argument: given}
        with pytest.raises(TypeError, match=f"`{argument}` is a .*: give a list of tables or paths"):
            fairshare.draft(**parts)


def test_a_path_of_bytes_is_a_path(policy: fairshare.Policy) -> None:
    class Named(os.PathLike[bytes]):
        def __fspath__(self) -> bytes:
            return os.fsencode(FLIGHTS / "flights-2000.csv")

    given: Any = Named()
    assert fairshare.score(policy, given).records == 2000


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({1: numpy.zeros(2), "1": numpy.ones(2)}, "two columns of one name, among .*1, 1: give each its own"),
        ({"x": polars.Series([1, 2])}, "`x`: a Series of polars; make it a NumPy array"),
        ({"x": pandas.Series([1, 2])}, "`x`: a Series of pandas; make it a NumPy array"),
        ({"x": numpy.ma.masked_array([1.0], mask=[True])}, "a masked array; fill it"),
        ({"carrier": [1, 2, 3]}, "`carrier`: a int among text; .*, and numbers as a NumPy array"),
    ],
)
def test_columns_that_are_not_arrays_say_what_they_are(policy: fairshare.Policy, columns: Any, said: str) -> None:
    records = len(next(iter(columns.values())))
    rest: dict[Any, Any] = {name: numpy.zeros(records) for name in policy.columns}
    rest |= {"carrier": ["UA"] * records, "dest": ["ATL"] * records}
    with pytest.raises((TypeError, fairshare.IngestError), match=said):
        fairshare.score(policy, rest | columns)
