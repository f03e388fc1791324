#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("# Bundle file v0.3\n", data));
