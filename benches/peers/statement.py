"""What is proved, in plain Python: the records, the policy, the score to the last bit.

One generator for all: every prover is given the records of `symbols(n)` and must come to `score(counts(...))`.
"""

import random
from decimal import Decimal, getcontext

ALPHABET = 256
SALT = 0x5A17  # Hides nothing: what a proof costs does not depend on it.

# Powers of ten enough for 192 bits and then some.
getcontext().prec = 80


def symbols(n, seed=20261123):
    """`n` skewed symbols: the first is some twenty times as likely as the last."""
    weights = [1 / (t + 13) for t in range(ALPHABET)]
    return random.Random(f"{seed}/{n}").choices(range(ALPHABET), weights, k=n)


def reference():
    """The public reference's counts, before smoothing: as skewed, but not the same."""
    return [40_000 // (t % 64 + 9) for t in range(ALPHABET)]


def smoothed():
    """Every bin has a pseudo-count of 1."""
    return [count + 1 for count in reference()]


def reference_total():
    """Fairshare's features have one more bin, for empty cells. It holds its pseudo-count, and counts."""
    return sum(smoothed()) + 1


def counts(records):
    histogram = [0] * ALPHABET
    for symbol in records:
        histogram[symbol] += 1
    return histogram


def _rounded_ln(numerator, denominator):
    return int((Decimal(numerator) / Decimal(denominator)).ln() * 2**96 + Decimal("0.5"))


LN2 = _rounded_ln(2, 1)


def _parabola(i):
    y0, y1, y2 = (_rounded_ln(2048 + 2 * i + j, 2048) for j in range(3))
    return y0, (-3 * y0 + 4 * y1 - y2 + 2**20) // 2**21, (y0 - 2 * y1 + y2 + 2**40) // 2**41


PARABOLAS = [_parabola(i) for i in range(1024)]


def ln(x):
    """PROTOCOL, section 6: within `2^-35.9` of the natural logarithm, scaled by `2^96`."""
    exponent = x.bit_length() - 1
    mantissa = x << (31 - exponent)
    a, b, c = PARABOLAS[(mantissa - 2**31) >> 21]
    offset = mantissa % 2**21
    return exponent * LN2 + a + b * offset + c * offset**2


def constant(n):
    """The part of `S` that the counts do not change."""
    return n * (ln(reference_total()) - ln(n) + 2**63)


def score(histogram):
    n = sum(histogram)
    terms = (c * (ln(c) - ln(r)) for c, r in zip(histogram, smoothed()) if c)
    return (sum(terms) + constant(n)) // (n * 2**48)
