//! The exact integer arithmetic of PROTOCOL sections 6 and 7, free of circuits.
