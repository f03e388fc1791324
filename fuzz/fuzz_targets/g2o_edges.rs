#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("EDGE_SE2 0 1 1 0 0 1 0 0 1 0 1\n", data));
