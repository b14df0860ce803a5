#!/usr/bin/env python3
"""What it takes to draft a policy for a million records of ten columns, to count a reference and to score.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 pyarrow==26.0.1
    venv/bin/python benches/million.py target/release/fairshare [--records 1000000] [--runs 3] [--check] [--json FILE]

The records are made up, from a fixed seed: texts of 12, 200 and 5,000 values by Zipf's law, a flag, a small code, four numbers,
one column that is often empty. They are written as CSV and as Parquet, once as many as asked for and once ten times as many.
Each command is a process of its own. Its peak memory is what the kernel says of it, its time the median of the runs. Each is
compared with pyarrow reading the same file batch by batch with one thread, in the same run. With --check, a step that takes
more than it may fails the run: in processor time, since wall time depends on what else the machine does.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 100_000
# What a step may take: seconds of processor time for a million records, MiB, and by how much its memory may grow with ten
# times the records.
MOST_SECONDS = 5
MOST_MIB = 256
MOST_GROWTH = 0.1
READ = """
import sys, pyarrow as pa, pyarrow.csv as csv, pyarrow.parquet as parquet
pa.set_cpu_count(1)
path = sys.argv[1]
batches = csv.open_csv(path) if path.endswith(".csv") else parquet.ParquetFile(path).iter_batches()
print(sum(batch.num_rows for batch in batches))
"""


def batch(random, count):
    """Records of ten columns."""
    import numpy as np
    import pyarrow as pa

    def zipf(values):
        weights = 1 / np.arange(1, values + 1)
        return random.choice(values, count, p=weights / weights.sum())

    def text(prefix, values):
        return pa.array([f"{prefix}{value}" for value in zipf(values)])

    amount = random.lognormal(3, 1.5, count)
    amount[random.random(count) < 0.3] = 0
    columns = {
        "kind": text("kind ", 12),
        "place": text("place ", 200),
        "product": text("p", 5000),
        "flag": pa.array(np.where(random.random(count) < 0.2, "yes", "no")),
        "code": pa.array(random.integers(1, 9, count)),
        "temperature": pa.array(random.normal(15, 8, count).round(1)),
        "duration": pa.array(random.gamma(2, 300, count).round(3)),
        "amount": pa.array(amount.round(2)),
        "count": pa.array(random.poisson(40, count)),
        "rating": pa.array(random.integers(1, 101, count), mask=random.random(count) < 0.6),
    }
    return pa.table(columns)


def files(folder, records):
    return [folder / f"records-{records}.csv", folder / f"records-{records}.parquet"]


def write(folder, records):
    """The same records as CSV and as Parquet."""
    import numpy as np
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    random = np.random.default_rng(21)
    paths = files(folder, records)
    first = batch(random, min(BATCH, records))
    with csv.CSVWriter(paths[0], first.schema) as text, parquet.ParquetWriter(paths[1], first.schema) as columns:
        table, written = first, 0
        while True:
            text.write_table(table)
            columns.write_table(table)
            written += table.num_rows
            if written >= records:
                return
            table = batch(random, min(BATCH, records - written))


def measure(command, runs):
    """Medians of wall and processor seconds, and the largest peak of memory in MiB."""
    walls, processors, peaks = [], [], []
    for _ in range(runs):
        begun = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit status {child.returncode}\n{said.decode()}")
        walls.append(time.monotonic() - begun)
        processors.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss / 1024)
    return {"wall": statistics.median(walls), "processor": statistics.median(processors), "peak_mib": max(peaks)}


def measure_file(fairshare, path, runs):
    """Every step on one file, under the policy that is drafted for it."""
    policy = path.with_suffix(path.suffix + ".d") / "policy.toml"
    policy.parent.mkdir()
    draft = [fairshare, "policy", "draft", "--data", path, "--out", policy]
    measured = {"read by pyarrow": measure([sys.executable, "-c", READ, path], runs)}
    measured["policy draft"] = measure_drafts(draft, policy, runs)
    measured["policy reference"] = measure([fairshare, "policy", "reference", "--policy", policy, "--data", path], runs)
    measured["score data"] = measure([fairshare, "score", "data", "--policy", policy, "--data", path], runs)
    return measured


def measure_drafts(command, policy, runs):
    """A draft does not write over another, so each is taken away before the next."""
    drafts = []
    for _ in range(runs):
        for old in policy.parent.iterdir():
            old.unlink()
        drafts.append(measure(command, 1))
    return {key: (max if key == "peak_mib" else statistics.median)([draft[key] for draft in drafts])
            for key in drafts[0]}


def table(results):
    """As Markdown, with each step's ratio to pyarrow's reading, and the growth of memory."""
    print("| file | step | processor | against pyarrow's reading | wall | peak memory | of ten times the records |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for ending, name, step, large in steps(results):
        ratio = step["processor"] / results["small"][ending]["read by pyarrow"]["processor"]
        print(f"| {ending} | {name} | {step['processor']:.2f} s | {ratio:.1f} | {step['wall']:.1f} s | "
              f"{step['peak_mib']:.0f} MiB | {large['peak_mib']:.0f} MiB ({growth(step, large):+.0%}) |")


def steps(results):
    for ending in results["small"]:
        for name, step in results["small"][ending].items():
            yield ending, name, step, results["large"][ending][name]


def growth(step, large):
    return large["peak_mib"] / step["peak_mib"] - 1


def excesses(results, records):
    """What took more than it may."""
    seconds = MOST_SECONDS * records / 1_000_000
    for ending, name, step, large in steps(results):
        if name == "read by pyarrow":
            continue
        for what, found, most in [
            ("seconds of processor time", step["processor"], seconds),
            ("MiB", max(step["peak_mib"], large["peak_mib"]), MOST_MIB),
            ("of growth with ten times the records", growth(step, large), MOST_GROWTH),
        ]:
            if found > most:
                yield f"{ending}: {name}: {found:.2f} {what}, {most:g} at most"


def main():
    if sys.argv[1:2] == ["--write"]:
        return write(Path(sys.argv[2]), int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fairshare", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="fail where a step takes more than it may")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    fairshare = asked.fairshare.resolve()
    results = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        for size, records, runs in [("small", asked.records, asked.runs), ("large", 10 * asked.records, 1)]:
            results[size] = {}
            # By a process of its own: a command begins as a copy of this one, and its peak is at least this one's size.
            subprocess.run([sys.executable, __file__, "--write", folder, str(records)], check=True)
            for path in files(Path(folder), records):
                results[size][path.suffix[1:]] = measure_file(fairshare, path, runs)
                path.unlink()
    table(results)
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=2) + "\n")
    if asked.check and (found := list(excesses(results, asked.records))):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
