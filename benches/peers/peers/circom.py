"""circom, proved by snarkjs' Groth16."""

import json
import shutil

import statement
from measure import Failed
from peers.tools import HERE, fresh, node, npm, srs_program, version

NAME = "circom"
COUNT_SALT = 0x7A17
# 2^16 records compile in seventeen minutes, seven times as long as 2^14.
LARGEST = 16


def variants(size):
    return ["no score"]


def left_out(size, variant):
    if size > LARGEST:
        return f"some {10.3 * 2**size / 1e6:.1f} million constraints: by extrapolation more than an hour to compile"
    return None


def prepare(work, limits, largest):
    modules = npm(work, limits)
    folder = work / "circom"
    folder.mkdir(exist_ok=True)
    return {
        "circom": limits.run(circom("--version"), cwd=work).output.split()[-1],
        "snarkjs": version(modules, "snarkjs"),
    }


def circom(*arguments):
    return node("node_modules/circom2/cli.js", *arguments)


def snarkjs(*arguments):
    return node("node_modules/snarkjs/cli.js", *arguments)


def measure(work, limits, size, variant, runs):
    case = Case(work, limits, size)
    yield "compile_s", round(case.compile().seconds, 2)
    yield "rows", case.constraints
    yield "keys_s", round(case.keys(), 2)
    witness = limits.median(case.witness_command(), runs, cwd=work)
    yield "witness_s", round(witness.seconds, 3)
    yield "witness_mb", round(witness.megabytes, 1)
    prove = limits.median(case.prove_command(), runs, cwd=work)
    yield "prove_s", round(prove.seconds, 3)
    yield "prove_mb", round(prove.megabytes, 1)
    # Two points of G₁ and one of G₂, compressed; the JSON that snarkjs writes is longer.
    yield "proof_bytes", 128
    verify = limits.median(case.verify_command(), max(runs, 3), cwd=work)
    yield "verify_s", round(verify.seconds, 4)


def check(work, limits):
    case = Case(work, limits, 12)
    case.compile()
    case.keys()
    limits.run(case.witness_command(), cwd=work)
    limits.run(case.prove_command(), cwd=work)
    refuses = lambda: "OK!" not in limits.run(case.verify_command(), cwd=work, accept=(0, 1)).output
    if refuses():
        raise Failed("an honest proof was refused")

    digest, histogram = json.loads(case.public.read_text())
    for name, claim in (
        ("another digest", [str(int(digest) + 1), histogram]),
        ("another histogram's digest", [digest, str(int(histogram) + 1)]),
    ):
        case.public.write_text(json.dumps(claim))
        yield name, refuses()

    # The calculator refuses a histogram with one record moved …
    solution = bytearray(case.solution.read_bytes())
    case.write_inputs(moved=True)
    try:
        limits.run(case.witness_command(), cwd=work)
        yield "another histogram", False
    except Failed:
        yield "another histogram", True

    # … and so does the verifier, when a prover does not care whether its witness solves the circuit.
    for at in range(len(solution) - 32 * 2000, len(solution), 32 * 97):
        solution[at] ^= 1
    case.solution.write_bytes(solution)
    try:
        limits.run(case.prove_command(), cwd=work)
        yield "a witness altered", refuses()
    except Failed:
        yield "a witness altered", True


class Case:
    """The files and commands of one number of records."""

    def __init__(self, work, limits, size):
        self.work, self.limits, self.size = work, limits, size
        self.bits = size + 1
        self.each = 253 // self.bits
        self.folder = fresh(work / "circom" / str(size))
        shutil.copy(HERE / "circom/statement.circom", self.folder)
        (self.folder / "main.circom").write_text(
            f'pragma circom 2.2.0;\ninclude "statement.circom";\ncomponent main = Statement({1 << size}, {self.bits});\n'
        )
        for name in ("main.r1cs", "inputs.json", "keys.zkey", "keys.json", "witness.wtns", "proof.json", "public.json"):
            setattr(self, name.replace(".", "_"), self.folder / name)
        self.solution, self.public = self.witness_wtns, self.public_json
        self.write_inputs()

    def write_inputs(self, moved=False):
        records = statement.symbols(1 << self.size)
        histogram = statement.counts(records)
        if moved:
            histogram[0] -= 1
            histogram[1] += 1
        inputs = {
            "salt": str(statement.SALT),
            "symbolWords": pack(records, 8, 31),
            "countSalt": str(COUNT_SALT),
            "countWordsIn": pack(histogram, self.bits, self.each),
        }
        self.inputs_json.write_text(json.dumps(inputs))

    def compile(self):
        # The compiler sees the current folder only.
        inside = self.folder.relative_to(self.work)
        done = self.limits.run(
            circom(inside / "main.circom", "--r1cs", "--wasm", "--O2", "-l", "node_modules", "-o", inside), cwd=self.work
        )
        lines = dict(line.split(": ", 1) for line in done.output.splitlines() if ": " in line)
        self.constraints = int(lines["non-linear constraints"]) + int(lines["linear constraints"])
        return done

    def keys(self):
        """By our own program: `snarkjs groth16 setup` makes the same keys in twenty times the time. Returns seconds."""
        program = srs_program(self.work, self.limits)
        setup = self.limits.run([program, "zkey", self.main_r1cs, self.keys_zkey])
        export = self.limits.run(snarkjs("zkey", "export", "verificationkey", self.keys_zkey, self.keys_json), cwd=self.work)
        return setup.seconds + export.seconds

    def witness_command(self):
        calculator = self.folder / "main_js/main.wasm"
        return snarkjs("wtns", "calculate", calculator, self.inputs_json, self.witness_wtns)

    def prove_command(self):
        return snarkjs("groth16", "prove", self.keys_zkey, self.witness_wtns, self.proof_json, self.public_json)

    def verify_command(self):
        return snarkjs("groth16", "verify", self.keys_json, self.public_json, self.proof_json)


def pack(numbers, bits, each):
    words = (numbers[at : at + each] for at in range(0, len(numbers), each))
    return [str(sum(number << (bits * i) for i, number in enumerate(word))) for word in words]
