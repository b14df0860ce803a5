"""The epoch's table of units, as ``fairshare.score_compute`` reads it."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping

import fairshare
from fairshare import Path, Policy

MAX_TOTAL = 2**32 - 1
"""Most units of a round, of all nodes together."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_NOBODY = "0x0000000000000000000000000000000000000001"


def checked_address(address: object) -> str:
    """The address in small letters, by which two spellings are one. Raises ``ValueError`` for what is not one."""
    if not isinstance(address, str) or _ADDRESS.fullmatch(address) is None or int(address, 16) == 0:
        raise ValueError(f"{address!r} is not an address: write 0x and 40 hexadecimal digits, not all of them 0")
    return address.lower()


class UnitsTable:
    """A CSV file with one row for each round of the policy's epoch, and one column of units for each address.

    The file is made when the first units are recorded. It then has a row for every round of the epoch; a round to come,
    or one without units, has zeros. It is written beside itself, checked by the package's own reader, and renamed: a
    reader finds the old table or the new one. Writers that use one folder at the same time are serialised.

    Raises ``fairshare.Error`` for a file that is not a table of this epoch's units, which stays as it is.
    """

    def __init__(self, path: Path, policy: Policy) -> None:
        """Opens the table, or the place where it will be; nothing is written."""
        # A link stays one: what it leads to is renamed over.
        self.path = os.path.realpath(path)
        self._policy = policy
        self.first_round: int = tomllib.loads(policy.text)["rounds"]["first"]
        """The epoch's first round; the others follow it, ``Policy.rounds`` in all."""
        self._read()

    @property
    def next_round(self) -> int:
        """The round after the last one with units, the first round of a table without any."""
        rows = zip(*self._read()[1].values(), strict=True)
        worked = [at for at, row in enumerate(rows) if any(row)]
        return self.first_round + (worked[-1] + 1 if worked else 0)

    def check_round(self, round: int) -> None:
        """Raises ``ValueError`` where the round is not one of the epoch's."""
        end = self.first_round + self._policy.rounds
        if not self.first_round <= round < end:
            raise ValueError(
                f"round {round} is not in the epoch, whose rounds are {self.first_round} to {end - 1}: "
                "ask for fewer rounds, or give the policy of the next epoch"
            )

    def rounds_of(self, address: str) -> dict[int, int]:
        """The units of an address by round, of the rounds in which it has any."""
        units = self._read()[1].get(checked_address(address), [])
        return {self.first_round + at: amount for at, amount in enumerate(units) if amount}

    def record(self, round: int, units: Mapping[str, int]) -> bool:
        """Records a round's units by address, and returns whether it did: a round that has units stays as it is.

        Addresses may be spelled either way; units are whole numbers of which all together are below 2^32.
        Raises ``ValueError`` for others, ``OSError`` where the table cannot be written.
        """
        self.check_round(round)
        amounts = {checked_address(address): amount for address, amount in units.items()}
        if min(amounts.values(), default=0) < 0 or sum(amounts.values()) > MAX_TOTAL:
            raise ValueError(f"the units of round {round} are negative or add up to more than {MAX_TOTAL}")
        with self._alone():
            spelled, table = self._read()
            at = round - self.first_round
            if any(column[at] for column in table.values()):
                return False
            for address, amount in amounts.items():
                table.setdefault(address, [0] * self._policy.rounds)[at] = amount
            spelled.update({address.lower(): address for address in units if address.lower() not in spelled})
            if any(amounts.values()):
                self._write([spelled[address] for address in table], table)
            return True

    def _read(self) -> tuple[dict[str, str], dict[str, list[int]]]:
        """Addresses as they are spelled, and their units: both by the address in small letters, in their order."""
        try:
            with open(self.path, encoding="utf-8-sig", newline="") as file:
                text = file.read()
            # Empty lines are none, as for the package's reader.
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
        except FileNotFoundError:
            return {}, {}
        except (UnicodeDecodeError, csv.Error):
            rows = []
        header = rows[0] if rows else []
        nodes = {name.lower(): at for at, name in enumerate(header) if _ADDRESS.fullmatch(name)}
        # It reads the same file, with the policy's rounds, and says what is wrong with it.
        fairshare.score_compute(self._policy, self.path, next(iter(nodes), _NOBODY))
        return (
            {address: header[at] for address, at in nodes.items()},
            {address: [int(row[at]) for row in rows[1:]] for address, at in nodes.items()},
        )

    def _write(self, header: list[str], table: dict[str, list[int]]) -> None:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["round", *header])
        rows.writerows([self.first_round + at, *row] for at, row in enumerate(zip(*table.values(), strict=True)))
        folder = os.path.dirname(self.path)
        handle, beside = tempfile.mkstemp(prefix=os.path.basename(self.path) + ".", suffix=".new", dir=folder)
        try:
            with open(handle, "w", encoding="ascii") as file:
                file.write(text.getvalue())
                file.flush()
                os.fsync(file.fileno())
            fairshare.score_compute(self._policy, beside, header[0])
            # A table is public; temporary files are their owner's alone.
            os.chmod(beside, 0o644)
            os.replace(beside, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        _sync(folder)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other writers of the folder waiting: between reading and renaming, none of them may add a row."""
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
