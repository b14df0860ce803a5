#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fairshare_fuzz_targets::compressed_ingest(data);
});
