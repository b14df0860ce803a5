"""ezkl: the histogram as an ONNX graph."""

import json
import sys

import statement
from measure import Failed
from peers.tools import HERE, fresh, srs_program

NAME = "ezkl"
# The smallest powers of two that hold the rows.
LOGROWS = {12: 19, 14: 21, 16: 23, 18: 25, 20: 27}
LARGEST = 12


def variants(size):
    return ["no score"]


def left_out(size, variant):
    if size > LARGEST:
        rows = LOGROWS[size]
        # Measured at 2^12 records: 9.2 GB.
        memory = 9.2 * (1 << (rows - LOGROWS[LARGEST]))
        return f"needs 2^{rows} rows: by extrapolation {memory:.0f} GB of memory"
    return None


def prepare(work, limits, largest):
    python = interpreter(work)
    if not python.exists():
        limits.run([sys.executable, "-m", "venv", work / "venv"])
        limits.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"])
    return {"ezkl": limits.run([python, "-c", "import ezkl; print(ezkl.__version__)"]).output.strip()}


def interpreter(work):
    return work / "venv/bin/python"


def measure(work, limits, size, variant, runs):
    case = Case(work, limits, size)
    yield "compile_s", round(case.step("compile").seconds, 2)
    yield "rows", json.loads((case.folder / "settings.json").read_text())["num_rows"]
    case.parameters()
    yield "keys_s", round(case.step("keys").seconds, 2)
    witness = case.median("witness", runs)
    yield "witness_s", round(witness.seconds, 3)
    yield "witness_mb", round(witness.megabytes, 1)
    prove = case.median("prove", runs)
    yield "prove_s", round(prove.seconds, 3)
    yield "prove_mb", round(prove.megabytes, 1)
    proof = json.loads(case.proof.read_text())
    yield "proof_bytes", len(proof["proof"])
    if [field(word) for word in proof["instances"][0]] != statement.counts(statement.symbols(1 << size)):
        raise Failed("another histogram")
    verify = case.median("verify", max(runs, 3))
    if not verify.output.strip().endswith("accepted"):
        raise Failed("the proof was refused")
    yield "verify_s", round(verify.seconds, 4)


def check(work, limits):
    case = Case(work, limits, 6, logrows=15)
    case.step("compile")
    case.parameters()
    for step in ("keys", "witness", "prove"):
        case.step(step)
    # By the last line: a traceback quotes the word too.
    refuses = lambda: not case.step("verify", accept=(0, 1)).output.strip().endswith("accepted")
    if refuses():
        raise Failed("an honest proof was refused")

    honest = case.proof.read_text()
    moved = json.loads(honest)
    counts = [field(word) for word in moved["instances"][0]]
    moved["instances"][0][0] = word(counts[0] + 1)
    moved["instances"][0][1] = word(counts[1] - 1)
    case.proof.write_text(json.dumps(moved))
    yield "another histogram", refuses()

    # The digest is the proof's first point.
    other = json.loads(honest)
    other["proof"][0] ^= 1
    other["hex_proof"] = "0x" + bytes(other["proof"]).hex()
    case.proof.write_text(json.dumps(other))
    yield "another digest", refuses()


def field(word):
    return int.from_bytes(bytes.fromhex(word), "little")


def word(value):
    return value.to_bytes(32, "little").hex()


class Case:
    """The files and commands of one number of records."""

    def __init__(self, work, limits, size, logrows=None):
        self.work, self.limits, self.size = work, limits, size
        self.logrows = logrows or LOGROWS[size]
        self.folder = fresh(work / "ezkl" / str(size))
        self.proof = self.folder / "proof.json"
        records = statement.symbols(1 << size)
        inputs = {"input_data": [[symbol >> 4 for symbol in records], [symbol & 15 for symbol in records]]}
        (self.folder / "inputs.json").write_text(json.dumps(inputs))

    def parameters(self):
        self.limits.run([srs_program(self.work, self.limits), "halo2", self.logrows, self.folder / "srs"])

    def command(self, name):
        return [interpreter(self.work), HERE / "graph/step.py", name, 1 << self.size, self.logrows]

    def step(self, name, accept=(0,)):
        return self.limits.run(self.command(name), cwd=self.folder, accept=accept)

    def median(self, name, runs):
        return self.limits.median(self.command(name), runs, cwd=self.folder)
