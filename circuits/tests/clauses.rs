//! Ring 2 and ring 3 of the suite: the plain relation and the circuit agree, and each clause bites.

mod clauses {
    mod compute_score;
    mod data_score;
    mod histogram;
    pub mod support;
}
