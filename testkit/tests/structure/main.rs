//! The house's rules, checked on the sources: which crate may use which, which files may know each other, how
//! long a function and a line may be, and which compiler the dependencies ask for.

mod crates;
mod cycles;
mod shape;
mod sources;
