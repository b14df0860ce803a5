//! What to do about a file that is refused, where that depends on what is in it. Of cells that are no
//! numbers, `binning.rs` says it.

use fairshare_formats::excerpt::Names;

/// A hint where a name differs from the one looked for by white space or case alone.
pub(crate) fn near(column: &str, present: &Names) -> &'static str {
    let is_near = |name: &str| {
        name.trim() == column.trim() || name.trim().to_lowercase() == column.trim().to_lowercase()
    };
    if present.any(is_near) {
        ". Names are compared byte by byte: mind case and white space"
    } else if present.any(|name| name.starts_with('#')) {
        ". The header must be the first line: remove comments"
    } else if present.any(|name| name.starts_with("sep=")) {
        ". The header must be the first line: remove `sep=`, which is for Excel"
    } else {
        ""
    }
}

/// What to do about a table whose cells are separated by tabs, or by something else than commas.
pub(crate) fn separate(found: &str) -> &'static str {
    if found == "tabs" { "name it .tsv" } else { "write it anew with commas" }
}

/// What to do about text after a closing quote.
pub(crate) fn after_quote(backslash: bool) -> &'static str {
    if backslash {
        "double the quotes within a cell instead of `\\\"`, as Spark does with .option(\"escape\", \"\\\"\")"
    } else {
        "double the quotes within a cell, and leave no white space after the last"
    }
}

/// What to do about a byte that UTF-8 does not have there. Windows-1252 has letters where Latin-1 has
/// control characters.
pub(crate) fn not_utf8(byte: u8) -> &'static str {
    match byte {
        0x80..=0x9f => "if the file is in Windows-1252, convert it: `iconv -f cp1252 -t utf-8`",
        _ => "if the file is in Latin-1, convert it: `iconv -f latin1 -t utf-8`",
    }
}
