#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("{\"slam16_dump\":1,", data));
