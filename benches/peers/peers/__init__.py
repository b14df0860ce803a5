"""One module a prover, all with the same functions.

`prepare(work, limits, largest)` gets ready and returns versions; `variants(size)` names what is measured;
`left_out(size, variant)` says why a size is not run, or nothing; `measure(…)` yields figures one by one;
`check(…)` yields false claims and whether they were refused.
"""
