//! The house's rules, checked on the sources: which crate may use which, which files may know each other, how
//! long a function and a line may be, which compiler the dependencies ask for, and
//! whether citations of the protocol lead somewhere.

mod citations;
mod crates;
mod cycles;
mod shape;
mod sources;
