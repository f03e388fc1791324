#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slam16_fuzz::read("ODOMETRY 0 1 1 0 0 1 0 0 1 0 1\n", data));
