#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| r2shim::fuzzing::blobs(input));
