//! The integer arithmetic against the real numbers it stands for (PROTOCOL sections 6 to 8).
//!
//! Every claim is held against a big-float library that shares no code and no formula with the product:
//! stated error bounds (each test prints the worst error it met beside the bound; see it with `--nocapture`),
//! floors on both sides of their boundaries, constants against their definitions, and the ends of every
//! domain.

mod arithmetic {
    mod decay;
    mod divergence;
    mod fixed;
    mod histograms;
    mod limits;
    mod ln;
    mod real;
    mod rounds;
}
