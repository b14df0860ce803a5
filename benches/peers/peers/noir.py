"""Noir, proved by Barretenberg's UltraHonk: the native `bb` that the package `@aztec/bb.js` brings."""

import json
import re
import shutil

import statement
from measure import Failed
from peers.tools import HERE, fresh, node, npm, srs_program, version

NAME = "noir"
# Keccak transcript and zero knowledge: what a contract can verify, and what hides the records, as Fairshare does.
TARGET = ["-t", "evm"]
# The ceremony's [τ]₂, which bb 5 has compiled in.
CEREMONY_G2 = bytes.fromhex(
    "0118c4d5b837bcc2bc89b5b398b5974e9f5944073b32078b7e231fec938883b0"
    "260e01b251f6f1c7e7ff4e580791dee8ea51d87a358e038b4efe30fac09383c1"
    "22febda3c0c0632a56475b4214e5615e11e6dd3f96e6cea2854a87d4dacc5e55"
    "04fc6369f7110fe3d25156c1bb9a72859cf2a04641f99ba4ee413c80da6a5fe4"
)


def variants(size):
    """The whole statement; and without the score, whose constant cost doubles the circuit at some small sizes."""
    return ["whole", "no score"] if size <= 16 else ["whole"]


def left_out(size, variant):
    return None


def prepare(work, limits, largest):
    modules = npm(work, limits)
    for script in ("compile.mjs", "witness.mjs", "tamper.mjs"):
        shutil.copy(HERE / "noir" / script, work)
    bb = modules / "@aztec/bb.js/build/amd64-linux/bb"
    bb.chmod(0o755)

    # Four rows a record, and what does not depend on their number.
    points = max(1 << 17, 1 << (largest + 2)) + 1
    crs = work / "crs"
    g1 = crs / "bn254_g1.dat"
    if not g1.exists() or g1.stat().st_size < 64 * points:
        limits.run([srs_program(work, limits), "bb", points, crs])

    # The verifier takes [τ]₂ from its own code: a copy of it gets ours. The prover stays as it is.
    code = bb.read_bytes()
    if code.count(CEREMONY_G2) != 1:
        raise Failed("bb does not hold the ceremony's point where expected")
    verifier = work / "bb-verify"
    verifier.write_bytes(code.replace(CEREMONY_G2, (crs / "bn254_g2.dat").read_bytes()))
    verifier.chmod(0o755)
    return {
        "noir": version(modules, "@noir-lang/noir_js"),
        "bb": limits.run([bb, "--version"]).output.strip(),
        "node": limits.run(["node", "--version"]).output.strip(),
    }


def measure(work, limits, size, variant, runs):
    case = Case(work, limits, size, score=variant == "whole")
    yield "compile_s", round(case.compile().seconds, 2)
    gates = limits.run([case.bb, "gates", "-b", case.program])
    yield "rows", int(re.search(r'"circuit_size": (\d+)', gates.output)[1])
    yield "keys_s", round(case.keys().seconds, 2)
    witness = limits.median(case.witness_command(), runs, cwd=work)
    yield "witness_s", round(witness.seconds, 3)
    yield "witness_mb", round(witness.megabytes, 1)
    case.expect(witness.output)
    prove = limits.median(case.prove_command(), runs, env=case.env)
    yield "prove_s", round(prove.seconds, 3)
    yield "prove_mb", round(prove.megabytes, 1)
    # The digest (and the score) travel too, as Fairshare's registration does: neither is counted.
    yield "proof_bytes", case.proof.stat().st_size
    verify = limits.median(case.verify_command(), max(runs, 3), env=case.env)
    yield "verify_s", round(verify.seconds, 4)


def check(work, limits):
    case = Case(work, limits, 12, score=True)
    case.compile()
    case.keys()
    limits.run(case.witness_command(), cwd=work)
    limits.run(case.prove_command(), env=case.env)
    refuses = lambda: "verified successfully" not in limits.run(case.verify_command(), env=case.env, accept=(0, 1)).output
    if refuses():
        raise Failed("an honest proof was refused")

    public = case.public.read_bytes()
    for name, at in (("another digest", 31), ("another score", 63)):
        case.public.write_bytes(public[:at] + bytes([public[at] ^ 1]) + public[at + 1 :])
        yield name, refuses()

    # A prover who does not care whether its witness solves the circuit: it moves one record from bin to bin, or
    # changes one symbol, and proves all the same.
    honest = case.solution.read_bytes()
    histogram = json.dumps([hex(count) for count in statement.counts(statement.symbols(1 << 12))])
    for what in ("nothing", "counts", "symbol"):
        case.solution.write_bytes(honest)
        limits.run(node("tamper.mjs", case.solution, what, histogram), cwd=work)
        try:
            limits.run(case.prove_command(), env=case.env)
            refused = refuses()
        except Failed:
            refused = True
        if what != "nothing":
            yield f"a witness with other {what}", refused
        elif refused:
            raise Failed("the witness did not survive being read and written")


class Case:
    """The files and commands of one number of records."""

    def __init__(self, work, limits, size, score):
        self.work, self.limits, self.size, self.score = work, limits, size, score
        self.bb = work / "node_modules/@aztec/bb.js/build/amd64-linux/bb"
        self.env = {"CRS_PATH": str(work / "crs")}
        self.folder = fresh(work / "noir" / f"{size}-{'whole' if score else 'counts'}")
        shutil.copytree(HERE / "noir/src", self.folder / "src")
        shutil.copy(HERE / "noir/Nargo.toml", self.folder)
        (self.folder / "src/policy.nr").write_text(policy(1 << size, score))
        self.program = self.folder / "program.json"
        self.inputs = self.folder / "inputs.json"
        self.solution = self.folder / "witness.gz"
        self.proof = self.folder / "proof"
        self.public = self.folder / "public_inputs"
        self.inputs.write_text(json.dumps({"salt": str(statement.SALT), "symbols": statement.symbols(1 << size)}))

    def compile(self):
        return self.limits.run(node("compile.mjs", self.folder, self.program), cwd=self.work)

    def keys(self):
        return self.limits.run([self.bb, "write_vk", "-b", self.program, "-o", self.folder, *TARGET], env=self.env)

    def witness_command(self):
        return node("witness.mjs", self.program, self.inputs, self.solution)

    def expect(self, output):
        score = json.loads(output.strip().splitlines()[-1])[1]
        expected = statement.score(statement.counts(statement.symbols(1 << self.size))) if self.score else 0
        if int(score, 16) != expected:
            raise Failed(f"another score: {score}")

    def prove_command(self):
        return [self.bb, "prove", "-b", self.program, "-w", self.solution, "-k", self.folder / "vk", "-o", self.folder, *TARGET]

    def verify_command(self):
        return [self.work / "bb-verify", "verify", "-k", self.folder / "vk", "-p", self.proof, "-i", self.public, *TARGET]


def policy(n, score):
    """The program's constants."""
    fields = {
        "REFERENCE_LN": [statement.ln(count) for count in statement.smoothed()],
        "POWERS": [1 << i for i in range(32)],
        "EXPONENTS": [(31 - i) * statement.LN2 for i in range(32)],
        "PARABOLAS": [a + (b << 96) + (-c << 168) for a, b, c in statement.PARABOLAS],
    }
    lines = [
        f"pub global N: u32 = {n};",
        f"pub global WITH_SCORE: bool = {str(score).lower()};",
        f"pub global CONSTANT: Field = {statement.constant(n)};",
    ]
    lines += [f"pub global {name}: [Field; {len(values)}] = {values};" for name, values in fields.items()]
    return "\n".join(lines) + "\n"
