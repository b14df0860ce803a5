"""Whatever goes wrong is an exception of the crate that found it, and says what, where, and what to do."""

from __future__ import annotations

import gc
import pathlib
import subprocess
import sys
from typing import Any

import numpy
import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS, NODE, REPOSITORY

import fairshare


def text_array(values: bytes, offsets: list[int]) -> pyarrow.Array:
    """Text that another library made, without looking at it."""
    buffers = [None, pyarrow.py_buffer(numpy.array(offsets, dtype="i4")), pyarrow.py_buffer(values)]
    return pyarrow.Array.from_buffers(pyarrow.utf8(), len(offsets) - 1, buffers)


def with_carriers(flights: pyarrow.Table, carriers: pyarrow.Array) -> pyarrow.Table:
    table = flights.slice(0, len(carriers))
    return table.set_column(table.schema.get_field_index("carrier"), "carrier", carriers)


@pytest.mark.parametrize(
    ("values", "offsets"),
    [
        (b"UA\xff\xfe", [0, 2, 4]),
        (b"UAAA", [0, 4, 2]),
        (b"\xc3\xa9", [0, 1, 2]),
    ],
)
def test_arrays_that_are_not_what_they_say_are_refused(
    policy: fairshare.Policy, flights: pyarrow.Table, values: bytes, offsets: list[int]
) -> None:
    with pytest.raises(fairshare.IngestError, match="column `carrier`: not valid Arrow data"):
        fairshare.score(policy, with_carriers(flights, text_array(values, offsets)))


def test_keys_beyond_their_dictionary_are_refused(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    keys = pyarrow.py_buffer(numpy.array([0, 7], dtype="i4"))
    kind = pyarrow.dictionary(pyarrow.int32(), pyarrow.utf8())
    carriers = pyarrow.DictionaryArray.from_buffers(kind, 2, [None, keys], pyarrow.array(["UA", "AA"]))
    with pytest.raises(fairshare.IngestError, match="column `carrier`: not valid Arrow data"):
        fairshare.score(policy, with_carriers(flights, carriers))


def test_cells_name_their_row_and_column(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    frame = flights.to_pandas()
    frame["dep_delay"] = frame["dep_delay"].fillna(0).map(str)
    frame.loc[20_000, "dep_delay"] = "late"
    with pytest.raises(fairshare.IngestError, match="the table, row 20001, column `dep_delay`: `late`"):
        fairshare.score(policy, frame)
    with pytest.raises(fairshare.IngestError, match="table 2, row 2, column `dep_delay`"):
        fairshare.score(policy, [frame.iloc[:5], frame.iloc[19_999:]])
    with pytest.raises(fairshare.IngestError, match="no column `carrier`"):
        fairshare.score(policy, frame.drop(columns="carrier"))
    with pytest.raises(fairshare.IngestError, match="no records"):
        fairshare.score(policy, frame.iloc[:0])


def test_an_owner_that_raises_is_the_cause(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    class Closed:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("the connection is closed")

    with pytest.raises(fairshare.IngestError, match="does not give it as an Arrow stream: .*connection is closed"):
        fairshare.score(policy, Closed())

    def batches() -> Any:
        yield flights.to_batches()[0]
        raise RuntimeError("the query failed")

    reader = pyarrow.RecordBatchReader.from_batches(flights.schema, batches())
    with pytest.raises(fairshare.IngestError, match="the query failed"):
        fairshare.score(policy, reader)
    mixed = numpy.array(["UA", 7], dtype=object)
    columns = {name: numpy.zeros(2) for name in policy.columns} | {"carrier": mixed, "dest": ["ATL", "BOS"]}
    with pytest.raises(fairshare.IngestError, match="`carrier`: a int among text"):
        fairshare.score(policy, columns)


def test_files_that_cannot_be_read(policy: fairshare.Policy, tmp_path: pathlib.Path) -> None:
    with pytest.raises(fairshare.IngestError, match="cannot be opened: No such file"):
        fairshare.score(policy, tmp_path / "absent.csv")
    with pytest.raises(fairshare.PolicyError, match="cannot read the policy"):
        fairshare.Policy.load(tmp_path / "absent.toml")
    refused = tmp_path / "policy.toml"
    refused.write_text("protocol = 2\n")
    with pytest.raises(fairshare.PolicyError, match="is refused"):
        fairshare.Policy.load(refused)
    with pytest.raises(fairshare.ParametersError):
        fairshare.Parameters.load(refused)
    with pytest.raises(ValueError, match="no such geometry; choose one of compact, standard, large"):
        fairshare.Parameters.insecure("small")


def test_commitments_that_are_refused(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path, flights: pyarrow.Table
) -> None:
    standard = fairshare.Policy.load(FLIGHTS / "policy.toml")
    folder = tmp_path / "folder"
    with pytest.raises(fairshare.ParametersError):
        fairshare.commit(standard, parameters, CONTRIBUTOR, flights, folder)
    with pytest.raises(ValueError):
        fairshare.commit(policy, parameters, "0x12", flights, folder)
    unknown = with_carriers(flights, pyarrow.array(["??"] * 1000))
    with pytest.raises(fairshare.CommitError, match="`carrier`: 1000 of 1000 cells.*accept_unmatched=True"):
        fairshare.commit(policy, parameters, CONTRIBUTOR, unknown, folder)
    committed = fairshare.commit(policy, parameters, CONTRIBUTOR, unknown, folder, accept_unmatched=True)
    line = next(line for line in committed.unmatched if line.column == "carrier")
    assert (line.records, line.other, line.missing) == (1000, 1000, 0)


def test_proofs_and_bundles_that_are_refused(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(fairshare.CommitError):
        fairshare.prove(policy, parameters, tmp_path)
    with pytest.raises(fairshare.ProveError, match="no commitment folder"):
        fairshare.prove(policy, parameters, [])
    with pytest.raises(fairshare.ProveError, match="threads"):
        fairshare.prove(policy, parameters, tmp_path, threads=10_000)
    with pytest.raises(fairshare.VerifyError):
        fairshare.verify(policy, parameters, b"not a bundle", allow_insecure=True)
    with pytest.raises(OSError, match="absent"):
        fairshare.verify(policy, parameters, tmp_path / "absent.bundle", allow_insecure=True)
    with pytest.raises(fairshare.ScoreError):
        fairshare.score_compute(policy, FLIGHTS / "units.csv", CONTRIBUTOR)
    assert fairshare.score_compute(policy, FLIGHTS / "units.csv", NODE).units == 111_279


def test_archives_that_are_refused(parameters: fairshare.Parameters, tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken.archive"
    broken.write_bytes(b"not an archive")
    with pytest.raises(fairshare.AuditError):
        fairshare.audit(broken, parameters, allow_insecure=True)
    with pytest.raises(OSError, match="absent"):
        fairshare.audit(tmp_path / "absent", parameters)


def test_all_are_errors_of_the_package() -> None:
    names = [name for name in fairshare.__all__ if name.endswith("Error") or name == "Cancelled"]
    assert len(names) == 12
    for name in names:
        kind = getattr(fairshare, name)
        assert issubclass(kind, fairshare.Error) and kind.__module__ == "fairshare"


def test_nothing_shows_what_is_secret(policy: fairshare.Policy) -> None:
    found = fairshare.score(policy, FLIGHTS / "flights-2000.csv")
    assert "records" in repr(found)
    bins = [bin for feature in found.features for bin in feature.bins]
    assert len(bins) > 50 and all(repr(bin) == f'Bin("{bin.name}")' for bin in bins)
    assert all("Bin" not in repr(feature) for feature in found.features)


def test_it_needs_none_of_the_libraries_that_it_reads() -> None:
    """NumPy, pyarrow and pandas are the caller's, if at all."""
    code = (
        "import sys, fairshare; import fairshare.aio;"
        f"fairshare.score(fairshare.Policy.load({str(FLIGHTS / 'policy-compact.toml')!r}),"
        f" {str(FLIGHTS / 'flights-2000.csv')!r}, progress=True);"
        "assert not {'numpy', 'pandas', 'pyarrow', 'polars'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY / "examples")
    gc.collect()
