#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1\n", data));
