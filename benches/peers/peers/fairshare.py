"""Fairshare itself, by its command line: from a CSV file to a bundle that its own verifier accepts."""

import json
import os
import re
import shutil
from pathlib import Path

import statement
from measure import Failed
from peers.tools import HERE, fresh

NAME = "fairshare"
ROOT = HERE.parent.parent
CONTRIBUTOR = "0x00000000000000000000000000000000000000a1"


def variants(size):
    """Past a few segments the small geometry has nothing to offer."""
    return ["compact", "standard"] if size <= 16 else ["standard"]


def left_out(size, variant):
    return None


def prepare(work, limits, largest):
    if "FAIRSHARE" not in os.environ:
        limits.run(["cargo", "build", "--release", "-p", "fairshare"], cwd=ROOT)
    folder = work / "fairshare"
    folder.mkdir(exist_ok=True)
    for geometry in ("compact", "standard"):
        (folder / f"{geometry}.toml").write_text(policy(geometry))
    return {"fairshare": limits.run([binary(), "--version"]).output.strip()}


def binary():
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/fairshare"
    return Path(os.environ.get("FAIRSHARE", built))


def measure(work, limits, size, variant, runs):
    case = Case(work / "fairshare", limits, variant, size)
    # Parameters, and proving keys: made with a first proof of few records.
    shutil.rmtree(case.keys, ignore_errors=True)
    seconds = case.parameters().seconds
    small = Case(work / "fairshare", limits, variant, 9)
    small.commit()
    seconds += small.prove().seconds
    yield "keys_s", round(seconds, 2)

    commit = limits.median(case.commit_command(), runs, before=case.clean)
    yield "witness_s", round(commit.seconds, 3)
    yield "witness_mb", round(commit.megabytes, 1)
    # A folder keeps finished proofs: each run starts from one that has none.
    shutil.copytree(case.folder, case.committed)
    prove = limits.median(case.prove_command(), runs, before=case.restore)
    yield "prove_s", round(prove.seconds, 3)
    yield "prove_mb", round(prove.megabytes, 1)
    yield "proof_bytes", case.bundle.stat().st_size
    verify = limits.median(case.verify_command(), max(runs, 3))
    verdict = json.loads(verify.output.strip().splitlines()[-1])
    expected = statement.score(statement.counts(statement.symbols(1 << size)))
    if not verdict["accepted"] or int(verdict["score"]) != expected:
        raise Failed("the bundle does not have the expected score")
    yield "verify_s", round(verify.seconds, 4)
    # The command prepares its keys first; what it says in words tells the verification alone.
    words = limits.run([part for part in case.verify_command() if part != "--json"]).output
    value, unit = re.search(r"accepted in ([\d.]+) (ms|s)\b", words).groups()
    yield "verify_alone_s", float(value) / (1000 if unit == "ms" else 1)


def check(work, limits):
    case = Case(work / "fairshare", limits, "compact", 12)
    other = Case(work / "fairshare", limits, "compact", 9)
    case.parameters()
    for each in (case, other):
        each.clean()
        each.commit()
    case.prove()
    refuses = lambda: limits.run(case.verify_command(), accept=(0, 1)).output.count('"accepted":true') == 0
    if refuses():
        raise Failed("an honest bundle was refused")
    registration = case.registration
    case.registration = other.registration
    yield "another digest", refuses()
    case.registration = registration
    honest = case.bundle.read_bytes()
    for name, at in (("a byte of the histogram's proof", len(honest) // 3), ("a byte at the end", len(honest) - 1)):
        case.bundle.write_bytes(honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :])
        yield name, refuses()


class Case:
    """The files and commands of one geometry and number of records."""

    def __init__(self, base, limits, geometry, size):
        self.limits = limits
        self.rules = ["--policy", base / f"{geometry}.toml", "--params", base / f"{geometry}.srs"]
        self.geometry = geometry
        self.srs = base / f"{geometry}.srs"
        self.keys = base / f"{geometry}-keys"
        self.case = fresh(base / f"{geometry}-{size}")
        self.folder = self.case / "data"
        self.committed = self.case / "committed"
        self.bundle = self.case / "bundle"
        self.registration = self.folder / "request.json"
        self.records = self.case / "records.csv"
        self.records.write_text("value\n" + "".join(f"{symbol}\n" for symbol in statement.symbols(1 << size)))

    def parameters(self):
        self.srs.unlink(missing_ok=True)
        return self.limits.run([binary(), "params", "insecure", "--geometry", self.geometry, "--out", self.srs])

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def restore(self):
        self.clean()
        self.bundle.unlink(missing_ok=True)
        shutil.copytree(self.committed, self.folder)

    def commit_command(self):
        return [binary(), "commit", "data", *self.rules, "--contributor", CONTRIBUTOR,
                "--data", self.records, "--out", self.folder]

    def commit(self):
        return self.limits.run(self.commit_command())

    def prove_command(self):
        return [binary(), "prove", "data", self.folder, *self.rules, "--keys", self.keys, "--out", self.bundle]

    def prove(self):
        return self.limits.run(self.prove_command())

    def verify_command(self):
        return [binary(), "--json", "verify", self.bundle, *self.rules, "--registration", self.registration,
                "--allow-insecure-params"]


def policy(geometry):
    """One numeric feature of 256 bins: value `t` is in bin `t`."""
    return f"""protocol = 2
geometry = "{geometry}"
parameters = "insecure-development"

[vault]
chain_id = 31337
address = "0x00000000000000000000000000000000f11e4755"
registry = "0x00000000000000000000000000000000000000c2"
settlement = "claims"
subnet = "peers"
epoch = 1
pool = 1_000

[data]
lambda = "0.01"
pseudo_count = 1
min_records = 1
weighting = "divergence"
evidence = false

[compute]
lambda = "0.005"

[rounds]
first = 0
count = 2
ends_by = 2040-01-01T00:00:00Z
proving_seconds = 86400

[reference.counts]
value = {statement.reference() + [0]}

[[schema.feature]]
name = "value"
kind = "numeric"
edges = {list(range(1, statement.ALPHABET))}
"""
