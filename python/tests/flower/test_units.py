"""The table of units on disk."""

from __future__ import annotations

import os
import pathlib
import threading
from concurrent import futures

import pytest

import fairshare
from fairshare.flower import UnitsTable

ONE = "0x0000000000000000000000000000000000000001"
MIXED = "0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4"
EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples" / "flights" / "units.csv"


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "units.csv"


def test_a_table_is_made_with_its_first_units(path: pathlib.Path, policy: fairshare.Policy) -> None:
    table = UnitsTable(path, policy)
    assert table.next_round == 0 and table.record(0, {}) and table.record(1, {ONE: 0}) and not path.exists()
    assert table.record(2, {MIXED: 3})
    assert table.record(0, {ONE: 1, MIXED.lower(): 2}), "a round without units is recorded later"
    rows = path.read_text().splitlines()
    assert rows[:4] == [f"round,{MIXED},{ONE}", "0,2,1", "1,0,0", "2,3,0"]
    assert len(rows) == 366 and rows[-1] == "364,0,0"
    assert table.next_round == 3 and table.rounds_of(MIXED.upper().replace("X", "x")) == {0: 2, 2: 3}
    assert table.rounds_of(ONE) == {0: 1} and path.stat().st_mode & 0o777 == 0o644
    scored = fairshare.score_compute(policy, path, MIXED)
    assert (scored.units, scored.rounds) == (5, 365)
    assert os.listdir(path.parent) == ["units.csv"]
    link = path.with_name("link.csv")
    link.symlink_to(path)
    assert UnitsTable(link, policy).record(3, {ONE: 1}) and link.is_symlink() and table.rounds_of(ONE) == {0: 1, 3: 1}


def test_a_round_on_record_stays_as_it_is(path: pathlib.Path, policy: fairshare.Policy) -> None:
    assert UnitsTable(path, policy).record(4, {ONE: 1})
    before = path.read_bytes()
    again = UnitsTable(path, policy)
    assert not again.record(4, {ONE: 1}) and not again.record(4, {MIXED: 9}) and path.read_bytes() == before
    assert again.record(5, {MIXED: 1}) and again.rounds_of(ONE) == {4: 1} and again.next_round == 6


def test_others_rows_are_kept(path: pathlib.Path, policy: fairshare.Policy) -> None:
    """A table that somebody else wrote, in any form that the package reads."""
    header, *rows = [",".join(line.split(",")[::-1]) for line in EXAMPLE.read_text().splitlines()]
    rows = [row if at < 360 else f"0,0,0,{at}" for at, row in enumerate(rows)]
    path.write_text("\r\n".join(["\ufeff" + header, *rows]) + "\r\n", encoding="utf-8", newline="")
    before = {one: UnitsTable(path, policy).rounds_of(one) for one in header.split(",")[:-1]}
    table = UnitsTable(path, policy)
    assert table.next_round == 360 and not table.record(3, {ONE: 1}) and table.record(360, {ONE: 1, MIXED: 7})
    assert table.rounds_of(ONE) == {360: 1} and [len(units) for units in before.values()] == [360] * 3
    for one, units in before.items():
        assert table.rounds_of(one) == {**units, **({360: 7} if one == MIXED else {})}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "round\n0\n",
        f"round,{ONE}\n0,1\n",
        f"round,{ONE}\n" + "".join(f"{at + 1},1\n" for at in range(365)),
        f"round,{ONE}\n" + "".join(f"{at},-1\n" for at in range(365)),
        f"round,{ONE},{ONE}\n" + "".join(f"{at},1,1\n" for at in range(365)),
        f"round,{ONE}\n" + "0,1\n" * 365,
        "\x00",
        "round,\udcff\n",
    ],
)
def test_a_file_that_is_not_a_table_is_refused_and_left_alone(
    path: pathlib.Path, policy: fairshare.Policy, text: str
) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(fairshare.Error, match="units"):
        UnitsTable(path, policy)
    assert path.read_bytes() == before and os.listdir(path.parent) == ["units.csv"]


def test_a_table_that_breaks_while_a_server_runs_is_left_alone(path: pathlib.Path, policy: fairshare.Policy) -> None:
    table = UnitsTable(path, policy)
    path.write_text("hello\n")
    with pytest.raises(fairshare.Error, match="units"):
        table.record(0, {ONE: 1})
    assert path.read_text() == "hello\n"


def test_units_and_rounds_are_in_bounds(path: pathlib.Path, policy: fairshare.Policy) -> None:
    table = UnitsTable(path, policy)
    for round_, units, told in [
        (-1, {ONE: 1}, "round -1 is not in the epoch, whose rounds are 0 to 364"),
        (365, {ONE: 1}, "round 365 is not in the epoch"),
        (0, {ONE: -1}, "negative"),
        (0, {ONE: 2**32 - 1, MIXED: 1}, "add up to more"),
        (0, {"0x12": 1}, "is not an address"),
        (0, {"0x" + "0" * 40: 1}, "is not an address"),
    ]:
        with pytest.raises(ValueError, match=told):
            table.record(round_, units)
    assert not path.exists()
    assert table.record(0, {ONE: 2**32 - 1}) and table.rounds_of(ONE) == {0: 2**32 - 1}


def test_what_cannot_be_written_leaves_the_old_table(
    path: pathlib.Path, policy: fairshare.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = UnitsTable(path, policy)
    table.record(0, {ONE: 1})
    before = path.read_bytes()
    replace = os.replace
    synced: list[int] = []

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        table.record(1, {ONE: 1})
    assert path.read_bytes() == before and os.listdir(path.parent) == ["units.csv"]

    def checked(beside: str, target: str) -> None:
        # The whole table is on the disk before it has its name.
        assert synced and pathlib.Path(beside).read_text().splitlines()[2] == "1,1"
        replace(beside, target)

    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr(os, "replace", checked)
    assert table.record(1, {ONE: 1}) and len(synced) == 2


def test_servers_that_write_together_lose_nothing(
    path: pathlib.Path, policy: fairshare.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has read the table and is about to rename its own when another begins."""
    slow, quick = UnitsTable(path, policy), UnitsTable(path, policy)
    there, go = threading.Event(), threading.Event()
    write = slow._write

    def waiting(header: list[str], table: dict[str, list[int]]) -> None:
        there.set()
        assert go.wait(30)
        write(header, table)

    monkeypatch.setattr(slow, "_write", waiting)
    with futures.ThreadPoolExecutor(2) as threads:
        first = threads.submit(slow.record, 0, {ONE: 1})
        assert there.wait(30)
        second = threads.submit(quick.record, 1, {MIXED: 1})
        # Time to write, if nothing keeps it from doing so.
        futures.wait([second], 0.5)
        go.set()
        assert first.result(30) and second.result(30)
    assert slow.rounds_of(ONE) == {0: 1} and slow.rounds_of(MIXED) == {1: 1}
