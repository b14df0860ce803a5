"""Frames to write: columns of every type, with and without nulls, from a fixed seed."""

import datetime
import decimal
import random

import pyarrow as pa

CONTEXT = decimal.Context(prec=80)
WORDS = ["red", "green", "blue", "", "ärger", "日本語", "a label that does not fit into twelve bytes", "x"]


def decimals(rng, rows, digits, scale):
    """Integers of so many digits, with a point."""
    limit = 10**digits - 1
    numbers = [rng.choice([0, 1, -1, limit, -limit, rng.randint(-limit, limit)]) for _ in range(rows)]
    return [decimal.Decimal(number).scaleb(-scale, CONTEXT) for number in numbers]


def integers(rng, rows, low, high):
    """A few values often, and the type's ends."""
    few = [rng.randint(low, high) for _ in range(5)]
    return [rng.choice([*few, low, high, 0, 1, rng.randint(low, high)]) for _ in range(rows)]


def values(rng, rows):
    """Of each column: Arrow's type and values."""
    days = [datetime.date(1970, 1, 1) + datetime.timedelta(rng.randint(-9000, 30000)) for _ in range(40)]
    floats = [0.0, -0.0, 0.1, -2.5, 1e300, -1e-300, 3.0, 12345.678]
    columns = {
        "text": (pa.string(), [rng.choice(WORDS) for _ in range(rows)]),
        "one": (pa.string(), ["always the same text"] * rows),
        "url": (pa.string(), sorted(f"https://example.com/{rng.randint(0, 400):05}/item" for _ in range(rows))),
        "unique": (pa.string(), [f"{rng.random()}" for _ in range(rows)]),
        "large": (pa.large_string(), [rng.choice(WORDS) for _ in range(rows)]),
        "kind": (pa.dictionary(pa.int8(), pa.string()), [rng.choice(WORDS[:3]) for _ in range(rows)]),
        "flag": (pa.bool_(), [rng.random() < 0.3 for _ in range(rows)]),
        "f32": (pa.float32(), [rng.choice(floats[:4] + [rng.gauss(0, 5)]) for _ in range(rows)]),
        "f64": (pa.float64(), [rng.choice([*floats, rng.gauss(0, 5)]) for _ in range(rows)]),
        "money": (pa.decimal128(9, 2), decimals(rng, rows, 9, 2)),
        "share": (pa.decimal128(18, 6), decimals(rng, rows, 18, 6)),
        "wide": (pa.decimal128(38, 10), decimals(rng, rows, 38, 10)),
        "code": (pa.decimal128(5, 0), decimals(rng, rows, 3, 0)),
        "huge": (pa.decimal256(60, 10), decimals(rng, rows, 60, 10)),
        "half": (pa.float16(), [rng.choice([0.0, -0.0, 0.5, -1.25, 65504.0]) for _ in range(rows)]),
        "day": (pa.date32(), [rng.choice(days) for _ in range(rows)]),
        "moment": (pa.timestamp("us"), [datetime.datetime(2024, 1, 1, rng.randint(0, 23)) for _ in range(rows)]),
        "hour": (pa.time64("us"), [datetime.time(rng.randint(0, 23)) for _ in range(rows)]),
        "bytes": (pa.binary(), [rng.choice(WORDS).encode() for _ in range(rows)]),
        "raw": (pa.binary(), [rng.choice([b"\xff\xfe", b"\x00", b"a"]) for _ in range(rows)]),
        "list": (pa.list_(pa.int32()), [[1, 2, 3][: rng.randint(0, 3)] for _ in range(rows)]),
        "part": (pa.struct([("a", pa.int32())]), [{"a": rng.randint(0, 3)} for _ in range(rows)]),
    }
    for bits in (8, 16, 32, 64):
        columns[f"i{bits}"] = (getattr(pa, f"int{bits}")(), integers(rng, rows, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
        columns[f"u{bits}"] = (getattr(pa, f"uint{bits}")(), integers(rng, rows, 0, 2**bits - 1))
    return columns


def table(seed, rows, nulls):
    """A table of that share of nulls; without nulls its columns are declared so."""
    rng = random.Random(seed)
    fields, arrays = [], []
    for name, (kind, cells) in values(rng, rows).items():
        if nulls:
            # In runs, so that levels are of both kinds.
            cells = [None if (row // 50) % 3 == 0 and rng.random() < nulls else cell for row, cell in enumerate(cells)]
        fields.append(pa.field(name, kind, nullable=bool(nulls)))
        arrays.append(pa.array(cells, kind))
    if nulls:
        for name, kind in (("gone", pa.string()), ("none", pa.int64()), ("null", pa.null())):
            fields.append(pa.field(name, kind))
            arrays.append(pa.nulls(rows, kind))
    return pa.table(arrays, schema=pa.schema(fields))
