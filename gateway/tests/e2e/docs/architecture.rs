//! Rules of the source tree: who may name what. Each keeps a property the design depends on.

use super::{files_below, read, root};

/// The files of the gateway that contain this text, its unit tests left out, as paths below `gateway/src`.
fn sources_with(text: &str) -> Vec<String> {
    let folder = root().join("gateway/src");
    let mut files = files_below(&folder, "rs");
    files.retain(|file| !file.ends_with("tests.rs"));
    assert!(files.len() > 40, "only {} sources were found", files.len());
    let holding = files.iter().filter(|file| read(file).contains(text));
    holding.map(|file| file.strip_prefix(&folder).unwrap().display().to_string()).collect()
}

#[test]
fn the_protocol_and_the_policies_do_not_depend_on_the_host() {
    for manifest in ["gateway/protocol/Cargo.toml", "plugins/Cargo.toml"] {
        let text = read(&root().join(manifest));
        for host in ["pingora", "tokio"] {
            assert!(!text.contains(host), "{manifest} names {host}");
        }
    }
}

#[test]
fn serde_yaml_is_used_in_one_place() {
    assert_eq!(sources_with("serde_yaml::"), ["config/load.rs"]);
}

#[test]
fn one_file_writes_the_gateways_own_answers() {
    // The other one is the stream of HTTP/2, which passes on what Pingora writes.
    assert_eq!(sources_with("write_response_header"), ["listener/http2.rs", "respond.rs"]);
}
