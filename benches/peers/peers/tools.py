"""What several peers need."""

import json
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def npm(work, limits):
    """The pinned packages. `npm ci` stumbles over optional packages of other platforms; the lock file pins all the same."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, work)
    if not (work / "node_modules").exists():
        limits.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"], cwd=work)
    return work / "node_modules"


def version(modules, package):
    return json.loads((modules / package / "package.json").read_text())["version"]


def srs_program(work, limits):
    """The program that makes parameters of a known trapdoor."""
    target = work / "srs-target"
    manifest = HERE / "srs/Cargo.toml"
    limits.run(["cargo", "build", "--release", "--locked", "--manifest-path", manifest], env={"CARGO_TARGET_DIR": str(target)})
    return target / "release/peer-srs"


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def node(*arguments):
    """Node.js, with as much of the machine's memory as it likes."""
    return ["node", "--max-old-space-size=18000", *arguments]
