//! The committed corpus of the fuzz targets, through the same functions, on stable.

use crate::entry;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut replayed = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        run(&std::fs::read(file.unwrap().path()).unwrap());
        replayed += 1;
    }
    assert!(replayed >= 3, "the corpus of {target} is there");
}

#[test]
fn the_corpus_of_challenge_holds() {
    replay("challenge", entry::challenge);
}

#[test]
fn the_corpus_of_metadata_holds() {
    replay("metadata", entry::metadata);
}

#[test]
fn the_corpus_of_path_holds() {
    replay("path", entry::path);
}

#[test]
fn the_corpus_of_url_holds() {
    replay("url", entry::url);
}

#[test]
fn the_corpus_of_location_holds() {
    replay("location", entry::location);
}

#[test]
fn the_corpus_of_sse_holds() {
    replay("sse", entry::sse);
}

#[test]
fn the_corpus_of_json_holds() {
    replay("json", entry::json);
}

#[test]
fn the_corpus_of_audience_holds() {
    replay("audience", entry::audience);
}

#[test]
fn the_corpus_of_client_holds() {
    replay("client", entry::client);
}

#[test]
fn the_corpus_of_http1_holds() {
    replay("http1", entry::http1);
}

#[test]
fn the_corpus_of_http2_holds() {
    replay("http2", entry::http2);
}

#[test]
fn the_corpus_of_answer_holds() {
    replay("answer", entry::answer);
}

#[test]
fn the_corpus_of_proxy_protocol_holds() {
    replay("proxy_protocol", entry::proxy_protocol);
}

#[test]
fn the_corpus_of_jwt_holds() {
    replay("jwt", entry::jwt);
}

#[test]
fn the_corpus_of_envelope_holds() {
    replay("envelope", entry::envelope);
}

#[test]
fn the_corpus_of_lists_holds() {
    replay("lists", entry::lists);
}
