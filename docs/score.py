"""Whether NumPy and SciPy say what `fairshare score data` says:

    fairshare score data --policy policy.toml --data DATA... --json | python3 docs/score.py policy.toml DATA...
"""
import json, sys, tomllib
from pathlib import Path
import numpy as np, pandas as pd
from scipy.special import rel_entr

policy_file, data = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
policy = tomllib.load(policy_file.open("rb"))
reference = policy["reference"]
counts = reference.get("counts") or json.loads((policy_file.parent / reference["file"]).read_text())["counts"]
text = dict(dtype=str, keep_default_na=False, na_values=[""])  # An empty cell is missing.
no_number = ["NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None", r"\N"]  # So are these among numbers.
readers = {".csv": lambda path: pd.read_csv(path, **text), ".tsv": lambda path: pd.read_csv(path, sep="\t", **text),
           ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False, dtype_backend="pyarrow"),
           ".parquet": lambda path: pd.read_parquet(path, dtype_backend="pyarrow"), ".arrow": pd.read_feather}
table = pd.concat([readers[next(end for end in path.suffixes if end in readers)](path) for path in data])
features = {feature["name"]: feature for feature in policy["schema"]["feature"]}
crossed = {name for feature in features.values() for name in feature.get("of", [])}

def binned(feature):  # Each record's bin, and how many bins there are. The last one is of missing values.
    if "of" in feature:  # Every combination of the parts' bins; the first part's counts slowest.
        parts = [binned(features[name]) for name in feature["of"]]
        return np.ravel_multi_index(*zip(*parts)), np.prod([bins for _, bins in parts])
    cells, known = table[feature["name"]], feature.get("edges") or feature["labels"]
    cells = cells.mask(cells.astype("string").isin(no_number)) if "edges" in feature else cells
    if "edges" in feature:  # Below the first edge, from each edge to the next, from the last edge on.
        bins = np.searchsorted(np.array(known, float), cells.astype(float), side="right")
    else:  # One bin for each label, and one for any other text.
        bins = cells.astype("string").map({label: bin for bin, label in enumerate(known)}).fillna(len(known))
    return np.where(cells.isna(), len(known) + 1, bins).astype(int), len(known) + 2

def divergence(feature):  # In nats per record.
    bins, count = binned(feature)
    q = np.array(counts[feature["name"]]) + int(policy["data"]["pseudo_count"])
    return rel_entr(np.bincount(bins, minlength=count) / len(bins), q / q.sum()).sum()

scored = [feature for name, feature in features.items() if name not in crossed]
nats = len(table) * sum(map(divergence, scored))
said, tolerance = json.load(sys.stdin), 1 + 256 * len(table) * len(scored) * 2.0**-32  # PROTOCOL, section 6.
print(f"{len(table)} records: {256 * nats:.2f} / 256 nats here, {said['score']} by fairshare; {nats / len(table):.6f} nats each")
if said["records"] != len(table) or abs(int(said["score"]) - 256 * nats) > tolerance:
    sys.exit("they differ by more than the protocol allows")
