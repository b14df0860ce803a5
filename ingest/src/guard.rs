//! The libraries that decode what others wrote, run so that their panics are errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fairshare_formats::excerpt::excerpt;

use crate::error::IngestError;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is within a library that decodes a file: a panic is then caught and becomes an error,
/// so that a program's panic hook has nothing to print.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Runs a library on a file, or on what it decoded of it. Decoders have assertions that corrupt data can
/// reach; what can be checked before they run is checked, and this turns the rest into an error. Whoever
/// calls drops the reader after, so no broken state is seen.
pub(crate) fn guarded<T>(
    path: &Path,
    row: u64,
    decode: impl FnOnce() -> Result<T, IngestError>,
) -> Result<T, IngestError> {
    let outer = DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    decoded.unwrap_or_else(|panic| {
        let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(message), _) => excerpt(message),
            (None, Some(message)) => excerpt(message),
            (None, None) => "no message".to_owned(),
        };
        Err(IngestError::DecoderPanic { path: path.to_path_buf(), row, message })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_told_only_by_it() {
        let path = Path::new("x");
        assert!(!is_decoding());
        let inner = guarded(path, 1, || {
            let nested = guarded(path, 2, || -> Result<(), IngestError> { panic!("of a decoder") });
            assert!(matches!(nested, Err(IngestError::DecoderPanic { row: 2, .. })));
            Ok(is_decoding())
        });
        assert!(inner.expect("no panic"), "what surrounds a panic that was caught is still guarded");
        assert!(!is_decoding());
    }
}
