#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("VERTEX_SE2 0 0 0 0\n", data));
