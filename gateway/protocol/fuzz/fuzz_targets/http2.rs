#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_protocol_fuzz::entry::http2(data));
