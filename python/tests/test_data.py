"""One table in every form gives one score, one reference and one set of symbols."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy
import polars
import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS

import fairshare


@pytest.fixture(scope="module")
def expected(policy: fairshare.Policy) -> fairshare.Score:
    return fairshare.score(policy, FLIGHTS / "JFK.parquet")


@pytest.fixture(scope="module")
def counts(policy: fairshare.Policy) -> dict[str, list[int]]:
    return fairshare.reference(policy, str(FLIGHTS / "JFK.parquet"))


@pytest.fixture(scope="module")
def committed(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path_factory: pytest.TempPathFactory
) -> fairshare.Committed:
    folder = tmp_path_factory.mktemp("committed") / "flights"
    return fairshare.commit(policy, parameters, CONTRIBUTOR, FLIGHTS / "JFK.parquet", folder)


def test_every_form_gives_one_score(policy: fairshare.Policy, form: Any, expected: fairshare.Score) -> None:
    found = fairshare.score(policy, form)
    assert (found.score, found.records) == (expected.score, expected.records) and found.records == 111_279
    bins = lambda score: [[bin.records for bin in feature.bins] for feature in score.features]  # noqa: E731
    assert bins(found) == bins(expected)


def test_every_form_gives_one_reference(
    policy: fairshare.Policy, form: Any, counts: dict[str, list[int]]
) -> None:
    found = fairshare.reference(policy, form)
    assert found == counts
    assert {sum(bins) for bins in found.values()} == {111_279}
    assert [len(bins) for bins in found.values()] == [
        len(feature.bins) for feature in sorted(policy.features, key=lambda feature: feature.name)
    ]


def test_every_form_gives_one_set_of_symbols(
    policy: fairshare.Policy, parameters: fairshare.Parameters, form: Any, committed: fairshare.Committed
) -> None:
    """A folder whose opening stands takes the same symbols again, and no others."""
    again = fairshare.commit(policy, parameters, CONTRIBUTOR, form, committed.folder)
    assert (again.digest, again.records) == (committed.digest, committed.records)


def test_one_record_that_differs_is_another_set_of_symbols(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    flights: pyarrow.Table,
    committed: fairshare.Committed,
) -> None:
    frame = flights.to_pandas()
    frame.loc[100_000, "dep_delay"] = 900
    for other in [frame, frame.iloc[:-1]]:
        with pytest.raises(fairshare.CommitError, match="holds a commitment already"):
            fairshare.commit(policy, parameters, CONTRIBUTOR, other, committed.folder)


def test_an_array_without_names_has_the_policys_columns(
    policy: fairshare.Policy, flights: pyarrow.Table, tmp_path: pathlib.Path
) -> None:
    numbers = fairshare.draft([flights.select(["distance", "hour", "air_time"])])
    array = flights.select(numbers.policy.columns).to_pandas().to_numpy(dtype="f4")
    table = flights.select(["hour", "air_time", "distance"])
    assert fairshare.score(numbers.policy, array).score == fairshare.score(numbers.policy, table).score
    with pytest.raises(TypeError, match="2 columns, but the policy reads 3"):
        fairshare.score(numbers.policy, array[:, :2])


def test_numbers_mean_what_they_hold(policy: fairshare.Policy) -> None:
    """Bin by bin: whole numbers of every width, NaN as missing, and text as labels."""
    drafted = fairshare.draft([polars.DataFrame({"x": [0, 1, 2, 3] * 99, "kind": ["a", "b", "c"] * 132})])
    by_type = {}
    for kind in ["i1", "u2", "i8", "u8", "f2", "f4", "f8"]:
        columns = {"x": numpy.array([0, 1, 2, 3] * 99, dtype=kind), "kind": ["a", "b", "c"] * 132}
        by_type[kind] = fairshare.reference(drafted.policy, columns)
    assert all(counts == by_type["i8"] for counts in by_type.values())
    kinds = numpy.array(["a", "b", None, "other"], dtype=object)
    holes = fairshare.reference(
        drafted.policy, {"x": numpy.array([0, numpy.nan, numpy.nan, 3]), "kind": kinds}
    )
    assert holes["x"][-1] == 2 and holes["kind"][-2:] == [1, 1] and sum(holes["kind"]) == 4


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "no columns"),
        ({"x": numpy.zeros(2), "y": numpy.zeros(3)}, "`y` has 3 records, others have 2"),
        ({"x": numpy.zeros((2, 2))}, "not an array of shape"),
        ({"x": numpy.ma.masked_array([1.0], mask=[True])}, "a masked array"),
        ({"x": numpy.array(["2024-01-01"], dtype="M8[D]")}, "are not read"),
        ({"x": numpy.zeros(1, dtype="c16")}, "are not read"),
        (numpy.zeros(3), "of shape"),
        (7, "neither a path nor a table"),
    ],
)
def test_what_is_not_a_table_is_refused(policy: fairshare.Policy, columns: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        fairshare.score(policy, columns)


def test_paths_and_tables_are_not_mixed(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    with pytest.raises(TypeError, match="paths and tables together"):
        fairshare.score(policy, [FLIGHTS / "JFK.parquet", flights])
    with pytest.raises(ValueError, match="no data given"):
        fairshare.score(policy, [])


def test_a_reader_is_read_once(policy: fairshare.Policy, flights: pyarrow.Table) -> None:
    with pytest.raises(fairshare.IngestError, match="it can be read once only"):
        fairshare.draft([flights.to_reader()])
