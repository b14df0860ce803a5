"""Every argument changes what the function does: none is accepted and passed over."""

from __future__ import annotations

import pathlib
import shutil
from typing import Any

import pyarrow
import pytest
from conftest import CONTRIBUTOR, FLIGHTS, NODE

import fairshare

OTHER = "0x" + "11" * 32


@pytest.fixture(scope="module")
def committed(
    policy: fairshare.Policy, parameters: fairshare.Parameters, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("arguments") / "c"
    fairshare.commit(policy, parameters, CONTRIBUTOR, FLIGHTS / "flights-2000.csv", folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Where keys go if nobody names a folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_prove_writes_where_it_is_told(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    committed: pathlib.Path,
    keys: pathlib.Path,
    elsewhere: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    out = tmp_path / "data.bundle"
    made = fairshare.prove(policy, parameters, committed, out=out, keys=keys)
    assert out.read_bytes() == made.bundle and made.role == "data"
    assert list(keys.glob("data-score-*")) and not elsewhere.exists()


def test_prove_compute_keeps_keys_where_it_is_told(
    policy: fairshare.Policy, parameters: fairshare.Parameters, keys: pathlib.Path, elsewhere: pathlib.Path
) -> None:
    units = FLIGHTS / "units.csv"
    fairshare.prove_compute(policy, parameters, units, NODE, keys=keys)
    assert list(keys.glob("compute-score-*")) and not elsewhere.exists()
    fairshare.prove_compute(policy, parameters, units, NODE)
    assert list(elsewhere.glob("fairshare/compute-score-*"))


@pytest.mark.parametrize("given", [{"memory": 1}, {"threads": 10_000}])
def test_provers_stay_within_their_means(
    policy: fairshare.Policy, parameters: fairshare.Parameters, committed: pathlib.Path, given: dict[str, int]
) -> None:
    said = "may be used" if "memory" in given else "threads"
    with pytest.raises(fairshare.ProveError, match=said):
        fairshare.prove(policy, parameters, committed, **given)  # type: ignore[arg-type]
    with pytest.raises(fairshare.ProveError, match=said):
        fairshare.prove_compute(policy, parameters, FLIGHTS / "units.csv", NODE, **given)  # type: ignore[arg-type]


def test_a_ninth_score_has_to_be_asked_for(
    policy: fairshare.Policy,
    parameters: fairshare.Parameters,
    committed: pathlib.Path,
    keys: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    """Eight scores under other references are on record already."""
    folder = tmp_path / "scored"
    shutil.copytree(committed, folder)
    lines = [f"0x{score:064x} 0x{score:064x}\n" for score in range(1, 9)]
    (folder / "scored.txt").write_text("".join(lines))
    with pytest.raises(fairshare.ProveError, match="8 scores of this opening are on record"):
        fairshare.prove(policy, parameters, folder, keys=keys)
    assert fairshare.prove(policy, parameters, folder, keys=keys, ninth_score=True).records == 2000


def test_a_draft_hears_every_argument(parameters: fairshare.Parameters, flights: pyarrow.Table) -> None:
    part = flights.slice(0, 5_000)
    plain = fairshare.draft([part])
    compared = fairshare.draft([part], reference_from=[flights.slice(50_000, 5_000)])
    assert compared.reference != plain.reference and compared.parts[0].score > 100 * plain.parts[0].score
    assert plain.policy.min_records > 100
    assert fairshare.draft([part], expected_records=100).policy.min_records == 100
    assert plain.policy.geometry == "compact"
    assert fairshare.draft([part], geometry="standard").policy.geometry == "standard"
    with pytest.raises(ValueError, match="no such geometry; choose one of"):
        fairshare.draft([part], geometry="small")


def test_a_draft_names_its_parameters(parameters: fairshare.Parameters, flights: pyarrow.Table) -> None:
    """Those of a verifier cannot commit anybody, so a policy that names them would be of no use."""
    _, (_, verifier) = parameters.__reduce__()  # type: ignore[misc]
    if verifier is None:
        policy = fairshare.Policy.load(FLIGHTS / "policy-compact.toml")
        with pytest.raises(fairshare.VerifyError):
            fairshare.verify(policy, parameters, b"", allow_insecure=True)
    with pytest.raises(fairshare.ParametersError, match="only verify; load the whole ones"):
        fairshare.draft([flights.slice(0, 5_000)], parameters=fairshare.Parameters.from_bytes(verifier))


def test_a_draft_leaves_out_what_matches_nothing_unless_it_is_accepted(flights: pyarrow.Table) -> None:
    part = flights.slice(0, 5_000)
    codes = pyarrow.array([f"code {record}" for record in range(5_000)])
    odd = part.set_column(part.schema.get_field_index("carrier"), "carrier", codes)
    assert "carrier" not in fairshare.draft([odd], reference_from=[part]).policy.columns
    accepted = fairshare.draft([odd], reference_from=[part], accept_unmatched=True)
    assert "carrier" in accepted.policy.columns


@pytest.mark.parametrize("told", ["rules_hash", "root"])
def test_an_audit_compares_what_was_told_elsewhere(
    parameters: fairshare.Parameters, archive: pathlib.Path, told: str
) -> None:
    assert fairshare.audit(archive, parameters, allow_insecure=True).accepted
    given: dict[str, Any] = {told: OTHER}
    found = fairshare.audit(archive, parameters, allow_insecure=True, **given)
    assert not found.accepted and any(OTHER in line for line in found.differences)
