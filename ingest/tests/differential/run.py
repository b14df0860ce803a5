"""Holds the counts that Fairshare makes of files against those that pyarrow's reading of them gives.

Files by pandas, pyarrow, Polars, DuckDB and fastparquet in their settings: of every column the same counts, or a
refusal that is allowed below; never another count. CSV files by the same writers are held against Python's own
reader. See README.md here.

    python run.py --counts target/release/examples/counts [--quick] [--files FOLDER]
"""

import argparse
import bisect
import collections
import csv
import datetime
import decimal
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import fastparquet
import pandas
import pyarrow.parquet

import frames
import writers

# What may be refused where there are no right counts, and by which words: kinds of columns first, then of cells.
ALLOWED = [
    ("a timestamp", lambda kind: kind.startswith("timestamp"), "a timestamp, which is not read; write it as text"),
    ("a time of day", lambda kind: kind.startswith("time"), "a time of day, which is not read; write it as text"),
    ("a duration", lambda kind: kind.startswith("duration"), "an interval, which is not read"),
    ("nested", lambda kind: kind.startswith(("list", "large_list", "struct", "map")), "which is not read; write its parts"),
    ("bytes that are no text", lambda kind: "binary" in kind, "is not valid UTF-8; write it as UTF-8"),
    ("NaN or infinite", lambda kind: kind in ("float", "double", "halffloat"), "is not a finite decimal number"),
]


class Counts:
    """Fairshare's counts, by the example `counts`."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        # As text: not every reader of JSON rounds a number to the nearest float.
        if "edges" in question:
            question["edges"] = [repr(edge) for edge in question["edges"]]
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def label(cell):
    """A cell's text, as every writer of CSV spells it; none if it has none here."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode()
    if isinstance(cell, decimal.Decimal):
        return f"{cell:f}"
    if isinstance(cell, int) or type(cell) is datetime.date:
        return str(cell)
    return None


def number(cell):
    """A cell as a 64-bit float, rounded once; none if it is not a number."""
    if isinstance(cell, bool) or not isinstance(cell, (int, float, decimal.Decimal)):
        return None
    return float(cell)


def by_label(cells, labels):
    counts = [0] * (len(labels) + 2)
    places = {text: index for index, text in enumerate(labels)}
    for cell in cells:
        missing = cell is None or cell == ""
        counts[len(labels) + 1 if missing else places.get(cell, len(labels))] += 1
    return counts


def by_edge(cells, edges):
    counts = [0] * (len(edges) + 2)
    for cell in cells:
        counts[len(edges) + 1 if cell is None else bisect.bisect_right(edges, cell)] += 1
    return counts


def probes(kind, cells):
    """What to ask about a column, and the counts that are right; those are none if there are none."""
    is_float = kind in ("double", "float", "halffloat")
    try:
        texts = [cell if cell is None else label(cell) for cell in cells]
    except UnicodeDecodeError:
        texts = [None] * len(cells)
    if is_float:
        pass
    elif all(text is not None for text, cell in zip(texts, cells) if cell is not None):
        labels = sorted({text for text in texts if text})[:12] or ["none"]
        yield "labels", labels, by_label(texts, labels)
    else:
        yield "labels", ["a"], None
    numbers = [None if cell is None else number(cell) for cell in cells]
    if kind not in ("bool", "null") and not kind.startswith(("string", "large_string", "date")) and all(number is not None for number, cell in zip(numbers, cells) if cell is not None):
        finite = sorted({value for value in numbers if value is not None and math.isfinite(value)})
        edges = sorted({finite[len(finite) * part // 7] + 0.0 for part in range(7)}) if finite else [0.0]
        right = all(value is None or math.isfinite(value) for value in numbers)
        yield "edges", edges, by_edge(numbers, edges) if right else None


def allowed(kind, refusal):
    """The name of an allowed refusal."""
    return next((name for name, of, words in ALLOWED if of(kind) and words in refusal), None)


class Tally:
    """What came of the probes."""

    def __init__(self, counts):
        self.counts = counts
        self.same = collections.Counter()
        self.refused = collections.Counter()
        self.unread = collections.Counter()
        self.wrong = []

    def probe(self, writer, path, column, kind, cells):
        for rule, bins, right in probes(kind, cells):
            answer = self.counts.ask({"path": str(path), "column": column, rule: bins})
            where = f"{writer}: {column} ({kind}) by {rule}"
            if "counts" in answer and answer["counts"] == right:
                self.same[writer.split()[0]] += 1
            elif "counts" in answer:
                self.wrong.append(f"{where}: {answer['counts']} and not {right}")
            elif right is None and (name := allowed(kind, answer["refused"])) is not None:
                self.refused[name] += 1
            else:
                self.wrong.append(f"{where}: {answer['refused']}")

    def parquet(self, writer, path):
        for name in pyarrow.parquet.read_schema(path).names:
            try:
                kind, values = read(writer, path, name)
            except (pyarrow.ArrowInvalid, OSError, UnicodeDecodeError) as error:
                self.unread[f"{writer.split()[0]}: {name}: {str(error)[:60]}"] += 1
                continue
            self.probe(writer, path, name, kind, values)

    def csv(self, writer, path):
        with open(path, newline="") as file:
            header, *rows = csv.reader(file)
        for index, name in enumerate(header):
            column = [row[index] or None for row in rows]
            labels = sorted({cell for cell in column if cell})[:12] or ["none"]
            answer = self.counts.ask({"path": str(path), "column": name, "labels": labels})
            if answer.get("counts") == by_label(column, labels):
                self.same["CSV"] += 1
            else:
                self.wrong.append(f"{writer}: {name}: {answer}")


def read(writer, path, name):
    """A column's type and values, by pyarrow."""
    # A name alone would be taken for a path into nested columns.
    kind = str(pyarrow.parquet.read_schema(path).field(name).type)
    if "nulls infer" in writer and kind in ("bool", "string", "large_string"):
        # pyarrow takes a nullable column for one without nulls: fastparquet says which it is by a truth value.
        column = fastparquet.ParquetFile(path).to_pandas(columns=[name])[name]
        return kind, [None if pandas.isna(cell) else getattr(cell, "item", lambda cell=cell: cell)() for cell in column]
    column = pyarrow.parquet.ParquetFile(path).read(columns=[name])[name]
    if kind.startswith("dictionary"):
        column = column.cast(column.type.value_type)
    return str(column.type), cells(column)


def cells(column):
    """Values of Python's; of times only whether there is one, as none is read."""
    if str(column.type).startswith(("timestamp", "time", "duration")):
        return [None if null else datetime.datetime.min for null in column.is_null().to_pylist()]
    return column.to_pylist()


def same_numbers(tally, folder, table):
    """The numbers of one table, as CSV and as Parquet, fall into the same bins."""
    for parquet, text in (("pyarrow", "pyarrow CSV"), ("duckdb", "duckdb CSV"), ("polars", "polars CSV")):
        first = next(write for name, write in writers.all_writers(True) if name.startswith(parquet))
        second = next(write for name, write in writers.text() if name == text)
        paths = [folder / f"same.{kind}" for kind in ("parquet", "csv")]
        table = writers.without(table, *writers.RARE)
        first(table, paths[0])
        second(table, paths[1])
        for field in pyarrow.parquet.read_schema(paths[0]):
            if not re.match(r"u?int|double|decimal|string|bool|date32", str(field.type)):
                continue
            column = pyarrow.parquet.read_table(paths[0], columns=[field.name])[field.name]
            for rule, bins, _ in probes(str(field.type), cells(column)):
                # pyarrow writes the zero of such decimals as 0E-10.
                if rule == "labels" and field.name == "wide":
                    continue
                asked = [tally.counts.ask({"path": str(path), "column": field.name, rule: bins}) for path in paths]
                if asked[0] == asked[1] and "counts" in asked[0]:
                    tally.same["CSV against Parquet"] += 1
                elif "counts" in asked[0]:
                    tally.wrong.append(f"{parquet}: {field.name} by {rule}: {asked[0]} from Parquet, {asked[1]} from CSV")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--files", type=pathlib.Path, help="files of other writers, to be read besides")
    arguments = parser.parse_args()
    tally = Tally(Counts(arguments.counts))
    tables = [frames.table(1, 1200, 0.3)] + ([] if arguments.quick else [frames.table(2, 1200, 0)])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for table in tables:
            for writer, write in writers.all_writers(arguments.quick):
                write(table, folder / "x.parquet")
                tally.parquet(writer, folder / "x.parquet")
            for writer, write in writers.text():
                write(table, folder / "x.csv")
                tally.csv(writer, folder / "x.csv")
            same_numbers(tally, folder, table)
    for path in sorted(arguments.files.glob("*.parquet")) if arguments.files else []:
        tally.parquet(path.stem, path)
    for name, count in [*sorted(tally.same.items()), *((f"refused: {k}", v) for k, v in sorted(tally.refused.items()))]:
        print(f"{count:6} {name}")
    for name, count in sorted(tally.unread.items()):
        print(f"{count:6} not read by pyarrow: {name}")
    for wrong in tally.wrong[:40]:
        print("WRONG", wrong)
    same = sum(tally.same.values())
    probed = same + sum(tally.refused.values()) + len(tally.wrong)
    print(f"{probed} probes: {same} with the same counts, {len(tally.wrong)} wrong")
    least = 400 if arguments.quick else 4000
    sys.exit(bool(tally.wrong) or same < least)


if __name__ == "__main__":
    main()
