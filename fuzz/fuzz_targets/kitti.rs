#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read_trajectory("1 0 0 0 0 1 0 0 0 0 1 0\n", data));
