"""The hashes of docs/PROTOCOL.md in plain Python, and test vectors of them.

    python3 params/tests/vectors/protocol.py            writes the vectors beside this file
    python3 params/tests/vectors/protocol.py --check    compares them, and exits with 1 on a difference

This program was written from docs/PROTOCOL.md alone, without reading the Rust code, so that the two can disagree.
It needs nothing but Python's standard library. It is slow and plain, and it holds no secret.

Where the text leaves something open, a comment begins with "Reading:". README.md lists all of them.
"""

import hashlib
import json
import struct
import sys
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent


# Keccak-256: the sponge of FIPS 202, with Keccak's own padding (a byte 1) in place of SHA-3's (a byte 6).

LANE = (1 << 64) - 1
RATE = 136
ROTATIONS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]


def round_constants():
    """The 24 constants of step iota, from the linear feedback shift register of FIPS 202, section 3.2.5."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(constant)
    return constants


ROUND_CONSTANTS = round_constants()


def rotate(lane, by):
    return ((lane << by) | (lane >> (64 - by))) & LANE


def keccak_f(a):
    """The permutation on `a[x][y]`, 24 rounds of theta, rho, pi, chi and iota."""
    for constant in ROUND_CONSTANTS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = rotate(a[x][y] ^ d[x], ROTATIONS[x][y])
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def sponge(message, padding):
    padded = bytearray(message) + bytearray(RATE - len(message) % RATE)
    padded[len(message)] ^= padding
    padded[-1] ^= 0x80
    a = [[0] * 5 for _ in range(5)]
    for at in range(0, len(padded), RATE):
        for i, lane in enumerate(struct.unpack_from("<17Q", padded, at)):
            a[i % 5][i // 5] ^= lane
        a = keccak_f(a)
    return struct.pack("<4Q", a[0][0], a[1][0], a[2][0], a[3][0])


def keccak256(message):
    return sponge(message, 0x01)


# BN254. A point is a pair of coordinates, the identity is None. Nothing here is secret, so timing does not matter.

P = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47  # The coordinates' field.
ORDER = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001  # The groups' order; `F` has it, too.


class Base:
    """Arithmetic of the field of G1's coordinates."""

    zero = 0

    add = staticmethod(lambda a, b: (a + b) % P)
    sub = staticmethod(lambda a, b: (a - b) % P)
    mul = staticmethod(lambda a, b: a * b % P)
    inverse = staticmethod(lambda a: pow(a, -1, P))


class Quadratic:
    """Arithmetic of the field of G2's coordinates: `(real, imaginary)`, with i² = −1."""

    zero = (0, 0)

    add = staticmethod(lambda a, b: ((a[0] + b[0]) % P, (a[1] + b[1]) % P))
    sub = staticmethod(lambda a, b: ((a[0] - b[0]) % P, (a[1] - b[1]) % P))
    mul = staticmethod(lambda a, b: ((a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P))

    @staticmethod
    def inverse(a):
        norm = pow(a[0] * a[0] + a[1] * a[1], -1, P)
        return (a[0] * norm % P, -a[1] * norm % P)


def plus(field, p, q):
    """The sum of two points, by chord and tangent."""
    if p is None or q is None:
        return q if p is None else p
    (x1, y1), (x2, y2) = p, q
    if x1 == x2:
        if field.add(y1, y2) == field.zero:
            return None
        square = field.mul(x1, x1)
        slope = field.mul(field.add(field.add(square, square), square), field.inverse(field.add(y1, y1)))
    else:
        slope = field.mul(field.sub(y2, y1), field.inverse(field.sub(x2, x1)))
    x3 = field.sub(field.sub(field.mul(slope, slope), x1), x2)
    return (x3, field.sub(field.mul(slope, field.sub(x1, x3)), y1))


def times(field, scalar, point):
    """`scalar · point`, by doubling and adding."""
    total = None
    for bit in bin(scalar)[2:]:
        total = plus(field, total, total)
        if bit == "1":
            total = plus(field, total, point)
    return total


G1 = (1, 2)
G2 = (
    (
        0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
        0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
    ),
    (
        0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
        0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
    ),
)


def multiples_of_the_generator():
    """`table[i][j] = j·256^i·[1]_1`, so that a multiple of the generator takes 32 additions."""
    table, step = [], G1
    for _ in range(32):
        row = [None]
        for _ in range(255):
            row.append(plus(Base, row[-1], step))
        table.append(row)
        step = plus(Base, row[-1], step)
    return table


TABLE = multiples_of_the_generator()


def g1(scalar):
    """`[scalar]_1`."""
    total = None
    for row, byte in zip(TABLE, (scalar % ORDER).to_bytes(32, "little")):
        total = plus(Base, total, row[byte])
    return total


def g2(scalar):
    """`[scalar]_2`."""
    return times(Quadratic, scalar % ORDER, G2)


# Words, tags and the two hashes: section 4.


def word(value):
    """An integer, a digest, an address or a field element as 32 bytes, big-endian, padded on the left."""
    if isinstance(value, bytes):
        assert len(value) in (20, 32)
        return value.rjust(32, b"\0")
    assert 0 <= value < 1 << 256
    return value.to_bytes(32, "big")


def point_words(point):
    """Section 4: a point is two words, x then y. Section 5 refuses the identity, so it needs no encoding here."""
    return [word(point[0]), word(point[1])]


def second_group_words(point):
    """Section 8: the order of the pairing precompile (EIP-197), which puts the imaginary part first."""
    (x_real, x_imaginary), (y_real, y_imaginary) = point
    return [word(x_imaginary), word(x_real), word(y_imaginary), word(y_real)]


def tag(name):
    """Section 4: `T_name`."""
    return keccak256(b"fairshare/v2/" + name.encode())


def words_hash(words):
    return keccak256(b"".join(word(value) for value in words))


def K(name, *words):
    """Section 4: `K(T_name, words)`."""
    return words_hash([tag(name), *words])


def K_list(digests):
    """Section 4: `K'`. The list's length is not hashed."""
    return keccak256(b"".join(digests))


# Digests of data: section 4. No vectors are made of them; they hold this program to digests.json, which others made.


def segment_hash(geometry, width, commitments):
    return K("segment", geometry, width, *[w for point in commitments for w in point_words(point)])


def data_digest(contributor, geometry, schema, records, segments):
    return K("data", contributor, geometry, schema, records, len(segments), K_list(segments))


# The schema: section 3.

CATEGORICAL, NUMERIC, CROSSED = 1, 2, 3


def text_hash(text):
    # Section 3: UTF-8 as it stands, so without normalisation or terminator.
    return keccak256(text.encode("utf-8"))


def edge_word(edge):
    """The bits of the nearest binary64, −0 as 0.

    They are the low 64 bits of the word; of two nearest ones it is the even one, as IEEE 754 has it.
    """
    value = float(edge)
    assert value - value == 0, "an edge is finite"
    return struct.unpack(">Q", struct.pack(">d", value or 0.0))[0]


def feature_hash(feature):
    """`keccak256` of kind, `keccak256(name)`, the number of labels, edges or parts, then those, in the schema's order."""
    if feature["kind"] == "categorical":
        kind, items = CATEGORICAL, [text_hash(label) for label in feature["labels"]]
    elif feature["kind"] == "numeric":
        kind, items = NUMERIC, [edge_word(edge) for edge in feature["edges"]]
    else:
        kind, items = CROSSED, [feature_hash(part) for part in feature["parts"]]
    return words_hash([kind, text_hash(feature["name"]), len(items), *items])


def schema_hash(features):
    """`K(T_schema, d, K'(features))`.

    Reading: `d` counts a crossed feature once, and its parts are not listed a second time as features of their own.
    """
    return K("schema", len(features), K_list([feature_hash(feature) for feature in features]))


def bins(feature):
    """How many bins a feature has."""
    if feature["kind"] == "categorical":
        return len(feature["labels"]) + 2  # any other label; a missing value
    if feature["kind"] == "numeric":
        return len(feature["edges"]) + 2  # one bin more than edges; a missing value
    product = 1
    for part in feature["parts"]:
        product *= bins(part)
    return product


# The reference: sections 6, 8 and 10.


def nearest(value):
    """A positive Decimal rounded to an integer. No value here is near a half, so the rule for halves is not needed."""
    floor = int(value.to_integral_value(ROUND_FLOOR))
    rest = value - floor
    assert abs(rest - Decimal("0.5")) > Decimal("1e-20")
    return floor + (rest > Decimal("0.5"))


def scaled_logarithm(value):
    """`round(2^96·ln value)`. Decimal.ln is correctly rounded, here to 80 digits; 29 of them stand before the point."""
    with localcontext() as context:
        context.prec = 80
        return nearest((Decimal(value.numerator) / Decimal(value.denominator)).ln() * 2**96) if value > 1 else 0


def Ln(x):
    """Section 6: the natural logarithm of an integer, scaled by 2^96, by the protocol's table."""
    assert 1 <= x < 1 << 32
    e = x.bit_length() - 1
    X = x << (31 - e)
    i, o = (X - (1 << 31)) >> 21, X & ((1 << 21) - 1)
    y0, y1, y2 = (scaled_logarithm(1 + (i + Fraction(j, 2)) / 1024) for j in range(3))
    B = (-3 * y0 + 4 * y1 - y2 + (1 << 20)) // (1 << 21)
    C = (y0 - 2 * y1 + y2 + (1 << 40)) // (1 << 41)
    return e * scaled_logarithm(Fraction(2)) + y0 + B * o + C * o * o


def reference_hash(r):
    """Section 8: `keccak256` of `r_1, r_2, …` as words.

    Reading: the smoothed counts of all bins of all features, symbol 1 first; the padding symbol has no count.
    """
    return words_hash(r)


def smoothed(counts, pseudo_count):
    """Section 6: every bin of every feature gets the policy's pseudo-count. `counts` has one list per feature."""
    return [[count + pseudo_count for count in feature] for feature in counts]


def reference_words(counts, pseudo_count):
    """`d`, `bins'`, `Σ_f Ln(R_f)` (sections 6, 8 and 10)."""
    d = len(counts)
    paid_bins = sum(max(0, sum(count > 0 for count in feature) - 1) for feature in counts)
    return d, paid_bins, sum(Ln(sum(feature)) for feature in smoothed(counts, pseudo_count))


# The SRS, in powers and in Lagrange form: sections 2, 4 and 8. The secret `s` is known here, so no point needs a sum.


def root_of_unity(k):
    # Section 4: `ω`. 7 generates the field's multiplicative group.
    return pow(7, (ORDER - 1) >> k, ORDER)


def lagrange_at(k, s, i):
    """`L_i(s)`, the polynomial below degree 2^k that is 1 at ω^i and 0 at the domain's other points."""
    n, point = 1 << k, pow(root_of_unity(k), i, ORDER)
    numerator = (pow(s, n, ORDER) - 1) * point
    assert numerator % ORDER, "a secret in the domain makes Lagrange points the identity"
    return numerator * pow(n * (s - point), -1, ORDER) % ORDER


def lagrange_point(k, s, i):
    """Section 4: `G_i = [L_i(s)]_1`."""
    return g1(lagrange_at(k, s, i))


def srs_digest(k, powers, one_2, s_2):
    """Section 8: `K(T_srs, k, K'(powers' words), [1]_2, [s]_2)`.

    Reading: `K'` of words is Keccak-256 of the words one after the other.
    """
    powers_hash = K_list([w for point in powers for w in point_words(point)])
    return K("srs", k, powers_hash, *second_group_words(one_2), *second_group_words(s_2))


def openings_hash(blinding_points, one_2, s_2):
    """Section 8: `K(T_openings, G_u … G_{n−1}, [1]_2, [s]_2)`. `u = n − 8`, so there are eight points."""
    assert len(blinding_points) == 8
    points = [w for point in blinding_points for w in point_words(point)]
    return K("openings", *points, *second_group_words(one_2), *second_group_words(s_2))


def lagrange_root(points):
    """Section 8: the Merkle root of a power of two of points; the index is from 0."""
    level = [words_hash([i, *point_words(point)]) for i, point in enumerate(points)]
    assert len(level).bit_count() == 1
    while len(level) > 1:
        level = [keccak256(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def public_commitment(k, s, column):
    """Section 4: `C(v) = Σ_{i<u} v_i·G_i + G_{n−1}`, `column` being the pairs `(i, v_i)` that are not 0."""
    n = 1 << k
    assert all(i < n - 8 for i, _ in column)
    return g1(sum(value * lagrange_at(k, s, i) for i, value in column) + lagrange_at(k, s, n - 1))


def logarithm_column(r):
    """Section 5: `ℓ_t = Ln(r_t)`, symbol 1 being the first bin of the first feature."""
    return [(t, Ln(count)) for t, count in enumerate((c for feature in r for c in feature), 1)]


def boundary_column(bin_counts):
    """Section 5: 1 for a feature's bin, 2 for its last."""
    flags = [flag for count in bin_counts for flag in [1] * (count - 1) + [2]]
    return list(enumerate(flags, 1))


# Rules: sections 7, 8 and 10.

GEOMETRIES = {1: (11, (4, 16)), 2: (14, (4, 16, 64)), 3: (16, (4, 16, 64))}

RULES_WORDS = [
    "version", "chain_id", "vault", "registry", "settlement", "subnet", "epoch", "first_round", "count",
    "data_first_round", "ends_by", "proving_seconds", "pool", "geometry", "schema_hash", "reference_hash",
    "d", "bins", "ln_total", "ell", "boundaries", "min_records", "weighting", "cap", "data_lambda_q", "data_rho",
    "compute_lambda_q", "compute_rho", "evidence", "srs", "keys", "lagrange_root", "openings",
]  # fmt: skip


def rules_words(rules):
    """Section 8's table, row by row; a point gives two words, the subnet its `keccak256`."""
    words = []
    for name in RULES_WORDS:
        value = rules[name]
        if name == "subnet":
            words.append(text_hash(value))
        elif name in ("ell", "boundaries"):
            words.extend(point_words(value))
        else:
            words.append(word(value))
    return words


def rules_hash(rules):
    return K("rules", *rules_words(rules))


def lambda_q(text):
    """Section 7: `⌊λ·2^48⌋`."""
    return int(Fraction(text) * 2**48)


def rho(text):
    """Section 7: `⌊e^(−λ)·2^64⌋`. Decimal.exp is correctly rounded; both its neighbours have the same floor."""
    with localcontext() as context:
        context.prec = 100
        value = (-Decimal(text)).exp()
        floors = {int((v * 2**64).to_integral_value(ROUND_FLOOR)) for v in (value.next_minus(), value.next_plus())}
    assert len(floors) == 1
    return floors.pop()


def fade(rho_0, rounds):
    """Section 10: what data that is `rounds` rounds old (or late) keeps, of 2^64."""
    d = 1 << 64
    while rounds:
        if rounds & 1:
            d = (d * rho_0) >> 64
        rho_0, rounds = (rho_0 * rho_0) >> 64, rounds >> 1
    return d


def decay(rho_0, rounds):
    """Section 7: `decay_x`, step by step."""
    d = 1 << 64
    for _ in range(rounds):
        d = (d * rho_0) >> 64
    return d


def refusals(rules, lambdas):
    """Why the text refuses rules that have a hash like any others. The hash does not depend on this."""
    k, _ = GEOMETRIES[rules["geometry"]]
    last = rules["first_round"] + rules["count"] - 1
    data_decay = fade(rules["data_rho"], last - rules["data_first_round"])
    compute_decay = decay(rules["compute_rho"], rules["count"] - 1)
    best = (rules["min_records"] * rules["cap"] >> 40) - (rules["bins"] << 7)
    subnet = rules["subnet"]
    named = 1 <= len(subnet) <= 64 and all(" " <= character <= "~" for character in subnet) and subnet == subnet.strip()
    in_range = [Fraction(1, 1 << 24) <= Fraction(text) <= 1000 for text in lambdas.values()]
    faults = [
        ("subnet not a name", not named),
        ("count outside [2, 2^b]", not 2 <= rules["count"] <= 1 << (k - 1)),
        ("first + count above 2^64", last >= 1 << 64),
        ("window after the epoch's first round", rules["data_first_round"] > rules["first_round"]),
        ("pool of 0 off the chain", rules["pool"] == 0 and rules["settlement"] != 1),
        ("λ outside [2^-24, 1000]", not all(in_range)),
        # The decimals are compared. Where the words are equal, too, only they can tell; no vector goes there.
        ("λ of compute not below λ of data", not Fraction(lambdas["compute"]) < Fraction(lambdas["data"])),
        ("data's last decay below 2^40", data_decay < 1 << 40),
        ("compute's last decay below 2^40", compute_decay < 1 << 40),
        ("min_records can never weigh", rules["weighting"] == 2 and best <= 0),
        ("cap outside its domain", rules["cap"] not in ([0] if rules["weighting"] == 1 else range(1, (1 << 63) + 1))),
    ]
    return [text for text, broken in faults if broken]


# Contexts and the ledger: sections 5 and 9.


def context_hash(rules, totals, contributor, role, digests):
    """Section 5: `K(T_context, rules hash, totals, contributor, role, K'(digests))`; `totals` is a point, or None."""
    return K("context", rules, *(point_words(totals) if totals else [0, 0]), contributor, role, K_list(digests))


def limbs(digest):
    """Section 5: a context as two instances of 128 bits, low first."""
    value = int.from_bytes(digest, "big")
    return [value & ((1 << 128) - 1), value >> 128]


def ledger_start(chain_id, vault, registry):
    """Section 9: the head of an empty ledger."""
    return K("ledger", chain_id, vault, registry)


def ledger_step(head, entry):
    """Section 9: `head ← K(T_entry, head, entry)`."""
    return K("entry", head, entry)


def tenths_words(tenths):
    """Of computing power, then of data."""
    return [tenths["compute"], tenths["data"]]


# Of each kind, its fields in order. A text enters by its hash, a role by its word, no root as zero.
ENTRY_WORDS = {
    "rules": lambda e: [e["epoch"], e["rules_hash"], e["policy"]],
    "rounds": lambda e: [e["first"], e["last"]],
    "registration": lambda e: [e["round"], e["contributor"], e["digest"], e["file"]],
    "units": lambda e: [e["epoch"], e["file"]],
    "strike-data": lambda e: [e["digest"], text_hash(e["reason"])],
    "strike-node": lambda e: [e["epoch"], e["node"], text_hash(e["reason"])],
    "ended": lambda e: [e["epoch"]],
    "funded": lambda e: [e["epoch"], e["pool"]],
    "bundle": lambda e: [e["epoch"], {"data": 1, "compute": 2}[e["role"]], e["contributor"], e["score"], e["file"]],
    "closed": lambda e: [e["epoch"]],
    "settled": lambda e: [e["epoch"], *tenths_words(e["brought"]), *tenths_words(e["left"]), e["total"],
                          e["root"] or bytes(32), e["file"]],
    "sent": lambda e: [e["epoch"], e["file"]],
    "confirmed": lambda e: [e["contributor"], e["cumulative"], text_hash(e["evidence"])],
}  # fmt: skip


def entry_hash(time, event):
    """Section 9: `K` of its kind's tag, time and fields."""
    return K("entry-" + event["kind"], time, *ENTRY_WORDS[event["kind"]](event))


def typed_hash(chain_id, registry, struct):
    """EIP-712 under section 9's domain."""
    domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    separator = words_hash([text_hash(domain), text_hash("Fairshare"), text_hash("2"), chain_id, registry])
    return keccak256(b"\x19\x01" + separator + struct)


def receipt_hash(chain_id, registry, index, round_number, entry, before):
    """Section 9: index, round, entry, the head before and after."""
    name = "Receipt(uint64 index,uint64 round,bytes32 entry,bytes32 before,bytes32 after)"
    after = ledger_step(before, entry)
    struct = words_hash([text_hash(name), index, round_number, entry, before, after])
    return typed_hash(chain_id, registry, struct)


# What the vectors are made of. Every made-up value is a hash of its name, so the files never change.


def digest(*name):
    return keccak256("/".join(map(str, name)).encode())


def number(below, *name):
    return int.from_bytes(digest(*name), "big") % below


def address(*name):
    return digest(*name)[12:]


def point(*name):
    return g1(1 + number(ORDER - 1, *name))


def shown(value):
    """JSON's form: integers as decimal strings, bytes and coordinates as 0x…, a point as [x, y], nothing as null."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple):
        return [shown(word(coordinate)) for coordinate in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return str(value)


def categorical(name, *labels):
    return {"kind": "categorical", "name": name, "labels": list(labels)}


def numeric(name, *edges):
    return {"kind": "numeric", "name": name, "edges": list(edges)}


def crossed(name, *parts):
    return {"kind": "crossed", "name": name, "parts": list(parts)}


COLOUR = categorical("colour", "red", "green", "blue")
SIZE = numeric("size", "1", "2.5", "10")
ORIGIN = categorical("origin", "JFK", "LGA", "EWR")
HOUR = numeric("hour", "6", "12", "18")
SCHEMAS = {
    "one label": [categorical("flag", "yes")],
    "one edge": [numeric("temperature", "0")],
    "three labels": [COLOUR],
    "the same labels in another order": [categorical("colour", "blue", "green", "red")],
    "the same labels under another name": [categorical("color", "red", "green", "blue")],
    "three edges": [SIZE],
    "two features": [COLOUR, SIZE],
    "the same two features in the other order": [SIZE, COLOUR],
    "labels beyond ASCII": [categorical("city", "Zürich", "São Paulo", "東京", "Ἀθῆναι", "القاهرة", "Ürümqi")],
    "labels beyond 16 bits": [categorical("mood", "\U0001F600", "\U0001F622", "\U00010348")],
    "the same letter composed and decomposed": [categorical("letter", "\u00e9", "e\u0301")],
    "labels with quotes": [categorical("quote", '"', "'", '"quoted"', "a\"b'c", "back\\slash", "``")],
    "labels with spaces and commas": [categorical("space", " ", "a b", " a b", "a b ", "a,b", "a\tb", "a;b")],
    "labels that look like numbers": [categorical("digits", "0", "00", "-0", "1e3", "NaN", "null", "true")],
    "a name beyond ASCII, with spaces": [categorical("Größe des Pakets", "S", "M", "L")],
    "300 labels": [categorical("tail number", *(f"N{10_000 + 7 * i}" for i in range(300)))],
    "400 edges": [numeric("fine", *(f"{i / 8:.3f}" for i in range(-200, 200)))],
    "a long label, of 1,000 bytes": [categorical("long", "x" * 1000, "y")],
    "an edge of -0.0": [numeric("zero", "-1", "-0.0", "1")],
    "an edge of 0, the same schema": [numeric("zero", "-1", "0", "1")],
    "edges below 0": [numeric("below", "-1e300", "-2.5", "-0.1")],
    "subnormal edges": [numeric("tiny", "-4.9e-324", "4.9e-324", "1e-323", "2.2250738585072009e-308")],
    "the smallest normal edge": [numeric("tiny", "2.2250738585072014e-308", "0.5")],
    "the largest finite edges": [numeric("huge", "-1.7976931348623157e308", "1.7976931348623157e308")],
    "edges that no binary64 is": [numeric("tenths", "0.1", "0.2", "0.3", "3.141592653589793238462643383279")],
    "edges half-way between two binary64": [numeric("ties", "9007199254740993", "9007199254740995")],
    "edges that underflow to 0": [numeric("under", "-1e-400", "1")],
    "a crossed one of two": [crossed("colour and size", COLOUR, SIZE)],
    "the same parts in the other order": [crossed("colour and size", SIZE, COLOUR)],
    "a crossed one of two categorical": [crossed("route", ORIGIN, categorical("carrier", "AA", "UA", "DL"))],
    "a crossed one of two numeric": [crossed("where", numeric("x", "0"), numeric("y", "-0.0", "0.5"))],
    "a crossed one of three": [crossed("three", COLOUR, SIZE, numeric("weight", "1"))],
    "a crossed one of four": [crossed("four", COLOUR, SIZE, ORIGIN, categorical("flag", "yes"))],
    "a crossed one between others": [ORIGIN, crossed("colour and size", COLOUR, SIZE), HOUR],
    "two crossed ones": [crossed("colour and size", COLOUR, SIZE), crossed("when and where", ORIGIN, HOUR)],
    "twenty features": [numeric(f"column {i}", str(i), str(i + 0.5)) for i in range(20)],
}


def listed(feature):
    """A feature as the vectors list it: with its bins, its hash, and the bits of its edges."""
    entry = dict(feature)
    if "parts" in entry:
        entry["parts"] = [listed(part) for part in feature["parts"]]
    if "edges" in entry:
        entry["bits"] = [struct.pack(">Q", edge_word(edge)) for edge in feature["edges"]]
    return {**entry, "bins": bins(feature), "hash": feature_hash(feature)}


def schemas():
    return [
        {"name": name, "d": len(features), "features": list(map(listed, features)), "hash": schema_hash(features)}
        for name, features in SCHEMAS.items()
    ]


def drawn_counts(name, bin_counts, below):
    """Made-up counts of a reference before smoothing, about a third of them 0."""
    draws = [[(number(3, name, f, t, "kept"), number(below, name, f, t)) for t in range(n)] for f, n in
             enumerate(bin_counts)]  # fmt: skip
    return [[count if kept else 0 for kept, count in feature] for feature in draws]


def reference_cases():
    """Name, counts before smoothing for each feature, pseudo-count."""
    top = (1 << 32) - 1
    cases = [
        ("nothing but pseudo-counts", [[0, 0, 0]], 1),
        ("one bin occurs", [[5, 0, 0]], 1),
        ("two bins occur", [[5, 0, 1]], 1),
        ("all bins occur", [[5, 7, 1]], 1),
        ("the same counts in another order", [[1, 7, 5]], 1),
        ("a larger pseudo-count", [[5, 7, 1]], 10),
        ("the largest total, evenly", [[top // 3 - 1] * 3], 1),
        ("the largest total, in one bin", [[top - 3, 0, 0]], 1),
        ("the largest pseudo-count", [[0, 0, 0]], top // 3),
        ("two features with the largest total", [[0, top - 3, 0], [0, 0, 0, top - 4]], 1),
        ("a total that is a power of two", [[(1 << 31) - 3, 0, 0]], 1),
        ("a total one below a power of two", [[(1 << 31) - 4, 0, 0]], 1),
        ("the same bins cut into other features", [[3, 1, 4], [1, 5, 9, 2]], 1),
        ("the same bins cut into other features, again", [[3, 1, 4, 1], [5, 9, 2]], 1),
    ]
    shapes = [[5, 5], [17], [3, 4, 5, 6], [26, 10, 3], [64, 33], [100], [3] * 20, [128, 7], [300], [1023]]
    for i, shape in enumerate(shapes):
        name = f"made up, {sum(shape)} bins in {len(shape)} feature{'s'[:len(shape) - 1]}"
        cases.append((name, drawn_counts(name, shape, min(1 << (6 + 2 * i), (1 << 31) // max(shape))), 1 + i))
    return cases


def references():
    vectors = []
    for name, counts, pseudo_count in reference_cases():
        r = smoothed(counts, pseudo_count)
        assert all(sum(feature) < 1 << 32 for feature in r)
        d, paid_bins, ln_total = reference_words(counts, pseudo_count)
        flat = [count for feature in r for count in feature]
        vectors.append({
            "name": name, "counts": counts, "pseudo_count": pseudo_count, "r": flat,
            "d": d, "bins": paid_bins, "ln_total": ln_total, "hash": reference_hash(flat),
        })  # fmt: skip
    return vectors


def keys_digest():
    """`K'` over lists of digests; section 8 uses it for keys, section 5 for data digests, section 4 for segments."""
    def made(count, name="key"):
        return [digest(name, i) for i in range(count)]

    zero, ones = bytes(32), b"\xff" * 32
    lists = {
        "the empty list": [],
        "zero": [zero],
        "zero twice": [zero, zero],
        "ones": [ones],
        "the digest of the empty list": [keccak256(b"")],
        "the same digest twice": made(1) * 2,
        "two in the other order": made(2)[::-1],
        "four keys, as a geometry of two widths has": made(4),
        "five keys, as a geometry of three widths has": made(5),
        "the same five, the last two exchanged": made(5)[:3] + made(5)[:2:-1],
    }
    for count in (1, 2, 3, 6, 7, 8, 16, 17, 31, 32, 33, 64, 100):
        lists[f"{count} made up"] = made(count, f"list of {count}")
    return [{"name": name, "digests": digests, "hash": K_list(digests)} for name, digests in lists.items()]


def lagrange_roots():
    vectors = []
    for count in (1, 2, 4, 8, 16, 32, 64):
        multipliers = {
            f"the first {count} multiples": list(range(1, count + 1)),
            f"{count} equal points": [7] * count,
            f"{count} made up": [1 + number(1000, "multiplier", count, i) for i in range(count)],
        }
        for name, scalars in multipliers.items():
            points = [g1(scalar) for scalar in scalars]
            vectors.append({"name": name, "multipliers": scalars, "points": points, "root": lagrange_root(points)})
    return vectors


def srs():
    secrets = {"2": 2, "3": 3, "65537": 65537, "2^128": 1 << 128, "order − 2": ORDER - 2}
    secrets |= {f"made up, {i}": number(ORDER, "secret", i) for i in range(3)}
    vectors = []
    for k in (4, 5, 6):
        for name, s in secrets.items():
            n, s_2 = 1 << k, g2(s)
            powers = [g1(pow(s, i, ORDER)) for i in range(n)]
            last = [lagrange_point(k, s, i) for i in range(n - 8, n)]
            vectors.append({
                "name": f"k = {k}, s = {name}", "k": k, "s": word(s), "s_2": second_group_words(s_2),
                "powers": powers, "blinding_points": last,
                "srs": srs_digest(k, powers, G2, s_2), "openings": openings_hash(last, G2, s_2),
            })  # fmt: skip
    return vectors


def derived_words(geometry, s, counts, pseudo_count):
    """The words of section 8 that follow from a reference and `s`, without those of the whole SRS."""
    k, _ = GEOMETRIES[geometry]
    n, r = 1 << k, smoothed(counts, pseudo_count)
    d, paid_bins, ln_total = reference_words(counts, pseudo_count)
    last = [lagrange_point(k, s, i) for i in range(n - 8, n)]
    return {
        "reference_hash": reference_hash([count for feature in r for count in feature]),
        "d": d, "bins": paid_bins, "ln_total": ln_total,
        "ell": public_commitment(k, s, logarithm_column(r)),
        "boundaries": public_commitment(k, s, boundary_column([len(feature) for feature in r])),
        "openings": openings_hash(last, G2, g2(s)),
    }  # fmt: skip


def whole_srs_words(geometry, s):
    """The words of section 8 that take the whole SRS. Made for the compact geometry only: the others take minutes."""
    k, _ = GEOMETRIES[geometry]
    powers = [g1(pow(s, i, ORDER)) for i in range(1 << k)]
    points = [lagrange_point(k, s, i) for i in range(1 << (k - 1))]
    return {"srs": srs_digest(k, powers, G2, g2(s)), "lagrange_root": lagrange_root(points)}


DERIVED_S = number(ORDER, "secret of derived.json")


def derived():
    """Derived words of rules, all from one known `s`."""
    vectors = []
    for geometry in GEOMETRIES:
        whole = whole_srs_words(geometry, DERIVED_S) if geometry == 1 else {}
        for name, counts, pseudo_count in reference_cases():
            small = sum(map(len, counts)) <= 64
            if small and (geometry == 1 or name.startswith("made up")):
                words = derived_words(geometry, DERIVED_S, counts, pseudo_count)
                vectors.append({
                    "name": f"geometry {geometry}, {name}", "geometry": geometry, "k": GEOMETRIES[geometry][0],
                    "s": word(DERIVED_S), "counts": counts, "pseudo_count": pseudo_count, **words, **whole,
                })  # fmt: skip
    return vectors


def base_rules(geometry, schema, counts, whole):
    """Rules that nothing refuses; the words of the whole SRS are made up except under the compact geometry."""
    _, widths = GEOMETRIES[geometry]
    return {
        "version": 2, "chain_id": 16661, "vault": address("vault"), "registry": address("registry"), "settlement": 1,
        "subnet": "flights", "epoch": 7, "first_round": 7000, "count": 1000, "data_first_round": 7000,
        "ends_by": 1798761600, "proving_seconds": 86400, "pool": 10**24, "geometry": geometry,
        "schema_hash": schema_hash(SCHEMAS[schema]), **derived_words(geometry, DERIVED_S, counts, 1),
        "min_records": 1000, "weighting": 1, "cap": 0, "evidence": 1,
        "keys": K_list([digest("key", geometry, i) for i in range(len(widths) + 2)]),
        "srs": digest("srs", geometry), "lagrange_root": digest("lagrange root", geometry),
        **(whole if geometry == 1 else {}),
    }  # fmt: skip


def rules_cases():
    """Name, geometry, λ of data, λ of compute, words that differ from those of `base_rules`."""
    end64, slow = (1 << 64) - 1, "0.000000059604644775390625"
    plain = ("0.002", "0.001")
    return [
        ("plain", 1, plain, {}),
        ("epoch 0 and round 0", 1, plain, {"epoch": 0, "first_round": 0, "data_first_round": 0}),
        ("epoch 2^64 − 1", 1, plain, {"epoch": end64}),
        ("first + count = 2^64", 1, plain, {"first_round": end64 - 999, "data_first_round": end64 - 999}),
        ("the last two rounds of all", 1, plain, {"first_round": end64 - 1, "data_first_round": end64 - 1, "count": 2}),
        ("count 2", 1, plain, {"count": 2}),
        ("count 2^b, compact", 1, plain, {"count": 1 << 10}),
        ("count 2^b, standard", 2, plain, {"count": 1 << 13}),
        ("count 2^b, large", 3, ("0.0005", "0.0001"), {"count": 1 << 15}),
        ("window one round earlier", 1, plain, {"data_first_round": 6999}),
        ("window from round 0", 1, plain, {"data_first_round": 0}),
        ("window of 2^28 rounds", 1, ("0.00000006", slow), {"first_round": 1 << 28, "data_first_round": 0}),
        ("pool 0", 1, plain, {"pool": 0}),
        ("pool 1", 1, plain, {"pool": 1}),
        ("pool 2^128 − 1", 1, plain, {"pool": (1 << 128) - 1}),
        ("settlement 2", 1, plain, {"settlement": 2}),
        ("settlement 3", 1, plain, {"settlement": 3}),
        ("settlement 3, pool 2^128 − 1", 2, plain, {"settlement": 3, "pool": (1 << 128) - 1}),
        ("evidence 0", 1, plain, {"evidence": 0}),
        ("subnet of 1 character", 1, plain, {"subnet": "a"}),
        ("subnet of 64 characters", 1, plain, {"subnet": "0123456789abcdef" * 4}),
        ("subnet with spaces", 1, plain, {"subnet": "New York flights  2013"}),
        ("subnet beyond ASCII", 1, plain, {"subnet": "Zürich 東京"}),
        ("ends_by 0, proving seconds 0", 1, plain, {"ends_by": 0, "proving_seconds": 0}),
        ("ends_by and proving seconds 2^64 − 1", 1, plain, {"ends_by": end64, "proving_seconds": end64}),
        ("min_records 1", 1, plain, {"min_records": 1}),
        ("min_records 2^32 − 1", 1, plain, {"min_records": (1 << 32) - 1}),
        ("chain id 1", 1, plain, {"chain_id": 1}),
        ("chain id 2^64 − 1", 1, plain, {"chain_id": end64}),
        ("addresses at their ends", 1, plain, {"vault": bytes(19) + b"\1", "registry": b"\xff" * 20}),
        ("weighting 2", 1, plain, {"weighting": 2, "cap": 1 << 47}),
        ("weighting 2, cap 2^63", 1, plain, {"weighting": 2, "cap": 1 << 63}),
        ("weighting 2, cap 1", 1, plain, {"weighting": 2, "cap": 1}),
        ("λ of both at the low end", 1, ("0.00000005960464833", slow), {}),
        ("λ of data as large as count 2 allows", 1, ("16.6355323334386", "16.6"), {"count": 2}),
        ("λ of data larger than count 2 allows", 1, ("16.6355323334387", "16.6"), {"count": 2}),
        ("λ of data 1000", 1, ("1000", "0.001"), {"count": 2}),
        ("λ of both near 1000", 1, ("1000", "999.999"), {"count": 2}),
        ("λ with many digits", 1, ("0.0031415926535897932384626433832795028841971", "0.00271828182845904523536"), {}),
        ("λ of compute equal to λ of data", 1, ("0.001", "0.001"), {}),
        ("standard", 2, plain, {"chain_id": 16602, "epoch": 8}),
        ("large", 3, plain, {"chain_id": 31337, "epoch": 9}),
    ]


def cap_cases(base):
    """The least cap with which `min_records` records weigh anything, and the cap one below it."""
    least = -(-(((base["bins"] << 7) + 1) << 40) // base["min_records"])
    return [
        ("weighting 2, the least cap that weighs", 1, ("0.002", "0.001"), {"weighting": 2, "cap": least}),
        ("weighting 2, one below the least cap", 1, ("0.002", "0.001"), {"weighting": 2, "cap": least - 1}),
    ]


def rules():
    """Vectors over one schema, then over others, then over a reference in which no bin occurs."""
    whole, flights, plain = whole_srs_words(1, DERIVED_S), "a crossed one between others", ("0.002", "0.001")

    def drawn(schema):
        return drawn_counts(f"rules {schema}", [bins(feature) for feature in SCHEMAS[schema]], 1000)

    bases = {geometry: base_rules(geometry, flights, drawn(flights), whole) for geometry in GEOMETRIES}
    vectors = []
    for name, geometry, lambdas, changes in rules_cases() + cap_cases(bases[1]):
        vectors.append(rules_vector(name, lambdas, flights, drawn(flights), {**bases[geometry], **changes}))
    for schema in ("one label", "one edge", "a crossed one of three", "300 labels", "twenty features"):
        words = base_rules(1, schema, drawn(schema), whole)
        vectors.append(rules_vector(f"schema: {schema}", plain, schema, drawn(schema), words))
    empty = [[0] * bins(feature) for feature in SCHEMAS[flights]]
    for text, cap in (("2^40", 1 << 40), ("2^40 − 1", (1 << 40) - 1)):
        words = {**base_rules(1, flights, empty, whole), "weighting": 2, "cap": cap, "min_records": 1}
        vectors.append(rules_vector(f"no bin occurs, weighting 2, cap {text}", plain, flights, empty, words))
    return vectors


def rules_vector(name, lambdas, schema, counts, words):
    """The words, what the derived ones were made from, and for "plain" all words as they are hashed."""
    data, compute = lambdas
    words = {
        **words,
        "data_lambda_q": lambda_q(data), "data_rho": rho(data),
        "compute_lambda_q": lambda_q(compute), "compute_rho": rho(compute),
    }  # fmt: skip
    lambdas = {"data": data, "compute": compute}
    return {
        "name": name, "refused": refusals(words, lambdas), "lambda": lambdas,
        "schema": schema, "counts": counts, "pseudo_count": 1,
        "rules": {key: words[key] for key in RULES_WORDS}, "hash": rules_hash(words),
        **({"preimage": [tag("rules"), *rules_words(words)]} if name == "plain" else {}),
    }  # fmt: skip


def contexts():
    """Section 5: data covers digests and has no totals; compute has totals and no digests."""
    cases = [("compute, totals the generator", G1, address("contributor", 0), [])]
    cases += [(f"compute, {i}", point("totals", i), address("contributor", i), []) for i in range(9)]
    cases += [("compute, the least address", point("totals", 9), bytes(19) + b"\1", [])]
    for count in (1, 2, 3, 4, 5, 8, 16, 33, 100):
        digests = [digest(count, i) for i in range(count)]
        cases.append((f"data, {count} digests", None, address("contributor", count), digests))
    pair = [digest("pair", i) for i in range(2)]
    cases += [
        ("data, a pair", None, address("contributor", 0), pair),
        ("data, the pair in the other order", None, address("contributor", 0), pair[::-1]),
        ("data, the pair of another contributor", None, address("contributor", 1), pair),
        ("data, the largest address", None, b"\xff" * 20, pair),
    ]
    vectors = []
    for i, (name, totals, contributor, digests) in enumerate(cases):
        rules_digest, role = digest("rules", i % 5), 2 if totals else 1
        context = context_hash(rules_digest, totals, contributor, role, digests)
        vectors.append({
            "name": name, "rules_hash": rules_digest, "totals": totals or (0, 0), "contributor": contributor,
            "role": role, "digests": digests, "hash": context, "limbs": limbs(context),
        })  # fmt: skip
    return vectors


def ledger():
    """Section 9: the head of an empty ledger, and the heads after some entries' hashes, which are made up."""
    vectors = []
    for i, chain_id in enumerate([1, 5, 16602, 16661, 31337, (1 << 32) - 1, 1 << 32, (1 << 64) - 1] * 3):
        vault, registry = address("vault", i), address("operator", i % 7)
        if i in (8, 9):
            vault, registry = (bytes(19) + b"\1", b"\xff" * 20)[:: 1 if i == 8 else -1]
        entries = [digest("entry", i, j) for j in range(i % 6)]
        heads = [ledger_start(chain_id, vault, registry)]
        for entry in entries:
            heads.append(ledger_step(heads[-1], entry))
        vectors.append({
            "name": f"{len(entries)} entries, {i}", "chain_id": chain_id, "vault": vault, "registry": registry,
            "start": heads[0], "entries": entries, "heads": heads[1:],
        })  # fmt: skip
    return vectors


U64, U128 = (1 << 64) - 1, (1 << 128) - 1


def drawn_integer(below, *name):
    """The ends of a domain as often as what lies between them."""
    return [0, 1, below, number(below, *name)][number(4, "which", *name)]


def drawn_text(*name):
    texts = ["x", "copied from a public set", "Fälschung", "0xfeed", "y" * 1000, "a, \"b\" \\ c", "数据"]
    return texts[number(len(texts), *name)]


def drawn_tenths(*name):
    return {kind: drawn_integer(10 * U128, *name, kind) for kind in ("compute", "data")}


def drawn_field(field, *name):
    """By its name: what a field may hold is the same in every kind."""
    if field in ("epoch", "first", "last", "round", "score"):
        return drawn_integer(U64, *name, field)
    if field in ("total", "cumulative", "pool"):
        return drawn_integer(U128, *name, field)
    if field in ("contributor", "node"):
        return address(*name, field)
    if field in ("reason", "evidence"):
        return drawn_text(*name, field)
    if field in ("brought", "left"):
        return drawn_tenths(*name, field)
    if field == "role":
        return ["data", "compute"][number(2, *name, field)]
    if field == "root" and number(3, *name, "whether") == 0:
        return None
    return digest(*name, field)


ENTRY_FIELDS = {
    "rules": ["epoch", "rules_hash", "policy"],
    "rounds": ["first", "last"],
    "registration": ["round", "contributor", "digest", "file"],
    "units": ["epoch", "file"],
    "strike-data": ["digest", "reason"],
    "strike-node": ["epoch", "node", "reason"],
    "ended": ["epoch"],
    "funded": ["epoch", "pool"],
    "bundle": ["epoch", "role", "contributor", "score", "file"],
    "closed": ["epoch"],
    "settled": ["epoch", "brought", "left", "total", "root", "file"],
    "sent": ["epoch", "file"],
    "confirmed": ["contributor", "cumulative", "evidence"],
}


def entries():
    """Section 9: entries of every kind, and the receipt of each."""
    vectors = []
    for kind, fields in ENTRY_FIELDS.items():
        for i in range(20):
            event = {"kind": kind} | {field: drawn_field(field, "entry", kind, i) for field in fields}
            # Seconds that have a date, to the last one.
            time = [0, 1, 1_797_000_000, 253_402_207_200, number(253_402_207_200, "time", kind, i)][i % 5]
            chain_id, registry = 1 + number(U64, "chain", kind, i), address("operator", kind, i)
            index, round_number = 1 + drawn_integer(U64 - 1, "index", kind, i), drawn_integer(U64, "round", kind, i)
            before, entry = digest("before", kind, i), entry_hash(time, event)
            vectors.append({
                "time": time, "event": event, "entry": entry, "chain_id": chain_id, "registry": registry,
                "index": index, "round": round_number, "before": before, "after": ledger_step(before, entry),
                "receipt": receipt_hash(chain_id, registry, index, round_number, entry, before),
            })  # fmt: skip
    return vectors


# What this program can check of itself, before it writes anything.


def check_keccak():
    known = {
        b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    }
    for message, answer in known.items():
        assert keccak256(message).hex() == answer
    # The standard library has SHA-3, which differs in the padding alone: all lengths around three blocks.
    for length in range(3 * RATE):
        message = bytes(i * 37 % 256 for i in range(length))
        assert sponge(message, 0x06) == hashlib.sha3_256(message).digest()


def check_curve():
    x, y = G2
    cube = Quadratic.mul(Quadratic.mul(x, x), x)
    constant = Quadratic.mul((3, 0), Quadratic.inverse((9, 1)))
    assert Quadratic.mul(y, y) == Quadratic.add(cube, constant)
    assert times(Base, ORDER, G1) is None and times(Quadratic, ORDER, G2) is None
    for scalar in (1, 2, 255, 256, ORDER - 1, number(ORDER, "scalar")):
        assert g1(scalar) == times(Base, scalar, G1)
        x, y = g1(scalar)
        assert (y * y - x**3 - 3) % P == 0


def check_lagrange():
    """`G_i` from the powers alone, by the inverse Fourier transform in the group, for a small domain."""
    k, s = 3, number(ORDER, "transform")
    n, omega = 1 << k, root_of_unity(k)
    assert pow(omega, n, ORDER) == 1 and pow(omega, n // 2, ORDER) == ORDER - 1
    powers = [g1(pow(s, i, ORDER)) for i in range(n)]
    for i in range(n):
        total = None
        for j, power in enumerate(powers):
            coefficient = pow(omega, -i * j, ORDER) * pow(n, -1, ORDER) % ORDER
            total = plus(Base, total, times(Base, coefficient, power))
        assert total == lagrange_point(k, s, i)


def check_logarithm():
    """The error bound of section 6."""
    with localcontext() as context:
        context.prec = 60
        bound = Decimal(2) ** Decimal("-35.9")
        for x in [1, 2, 3, 5, 1000, 65_537, (1 << 31) - 1, 1 << 31, (1 << 32) - 1]:
            assert abs(Decimal(Ln(x)) / 2**96 - Decimal(x).ln()) < bound


def check_digests():
    """digests.json was made by others: segment hashes, data digests and contexts."""
    def read(text):
        return bytes.fromhex(text[2:])

    def curve_point(words):
        return tuple(int(w, 16) for w in words)

    for vector in json.loads((HERE / "digests.json").read_text(encoding="utf-8")):
        who, geometry, segments = read(vector["contributor"]), vector["geometry"], []
        for segment in vector["segments"]:
            segments.append(segment_hash(geometry, segment["width"], map(curve_point, segment["commitments"])))
            assert segments[-1] == read(segment["hash"])
        data = data_digest(who, geometry, read(vector["schema_hash"]), vector["records"], segments)
        assert data == read(vector["data_digest"])
        of_rules, totals = read(vector["rules_hash"]), curve_point(vector["totals"])
        assert context_hash(of_rules, None, who, 1, [data]) == read(vector["context_data"])
        assert context_hash(of_rules, totals, who, 2, []) == read(vector["context_compute"])


FILES = {
    "rules.json": rules,
    "schemas.json": schemas,
    "references.json": references,
    "keys_digest.json": keys_digest,
    "lagrange_roots.json": lagrange_roots,
    "srs.json": srs,
    "derived.json": derived,
    "contexts.json": contexts,
    "ledger.json": ledger,
    "entries.json": entries,
}


def text_of(vectors):
    """One vector per line, in ASCII, so that no editor changes a label."""
    lines = (json.dumps(shown(vector), separators=(",", ":")) for vector in vectors)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    for check in (check_keccak, check_curve, check_lagrange, check_logarithm, check_digests):
        check()
    differences = 0
    for name, make in FILES.items():
        vectors = make()
        text, path = text_of(vectors), HERE / name
        if not arguments:
            path.write_text(text, encoding="ascii", newline="\n")
            print(f"{name}: {len(vectors)} vectors")
        elif not path.exists() or path.read_bytes() != text.encode("ascii"):
            print(f"{name}: differs from what this program makes", file=sys.stderr)
            differences += 1
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
