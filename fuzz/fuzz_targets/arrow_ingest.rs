#![no_main]

libfuzzer_sys::fuzz_target!(
    // libFuzzer ends the process at any panic; the decoder's own are caught, and turned into an error.
    init: fairshare_fuzz_targets::forgive_caught_panics(),
    |data: &[u8]| {
        fairshare_fuzz_targets::arrow_ingest(data);
    }
);
