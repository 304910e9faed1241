//! Secrets that are looked for, whole or in pieces, in every form in which one could get out.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::super::sha256;

/// The shortest piece of a secret that counts, in characters of its form.
const PIECE: usize = 16;

#[derive(Default)]
pub struct Canaries {
    pub names: Vec<String>,
    /// By their first characters: each piece, whose it is, and its form.
    pieces: HashMap<[u8; PIECE], Vec<Piece>>,
}

/// What is looked for, whose it is (by its place among the names), and in which form.
type Piece = (Vec<u8>, usize, &'static str);

/// A secret that is nowhere else, with characters that forms and URLs spell otherwise.
pub fn secret(name: &str) -> String {
    let digest = sha256(&format!("canary {name}"));
    format!("{}/+{}", &digest[..24], &digest[24..48])
}

/// The same of letters and digits alone.
pub fn plain_secret(name: &str) -> String {
    sha256(&format!("canary {name}"))[..48].to_owned()
}

fn each_byte(bytes: &[u8], form: impl Fn(&u8) -> String, between: &str) -> Vec<u8> {
    bytes.iter().map(form).collect::<Vec<_>>().join(between).into_bytes()
}

impl Canaries {
    pub fn add(&mut self, name: &str, secret: impl AsRef<[u8]>) {
        let (secret, owner) = (secret.as_ref(), self.names.len());
        assert!(secret.len() >= PIECE, "{name}");
        self.names.push(name.to_owned());
        let mut add = |window: usize, form: &'static str, made: &dyn Fn(&[u8]) -> Vec<u8>| {
            for piece in secret.windows(window).map(made) {
                let first: [u8; PIECE] = piece[..PIECE].try_into().expect("a long piece");
                self.pieces.entry(first).or_default().push((piece, owner, form));
            }
        };
        add(PIECE, "as it is", &<[u8]>::to_vec);
        // Of any place in a longer text: three bytes are four characters.
        add(12, "base64", &|bytes| STANDARD.encode(bytes).into_bytes());
        add(12, "base64url", &|bytes| URL_SAFE.encode(bytes).into_bytes());
        add(8, "hexadecimal", &|bytes| each_byte(bytes, |byte| format!("{byte:02x}"), ""));
        add(8, "HEXADECIMAL", &|bytes| each_byte(bytes, |byte| format!("{byte:02X}"), ""));
        add(6, "percent-encoded", &|bytes| each_byte(bytes, |byte| format!("%{byte:02X}"), ""));
        add(6, "percent-encoded in small letters", &|bytes| {
            each_byte(bytes, |byte| format!("%{byte:02x}"), "")
        });
        add(PIECE, "as in a form", &|bytes| {
            form_urlencoded::byte_serialize(bytes).collect::<String>().into()
        });
        add(8, "decimal", &|bytes| each_byte(bytes, u8::to_string, ", "));
    }

    /// What of any secret is in an output.
    pub fn in_output(&self, output: &[u8]) -> Vec<String> {
        let found = output.windows(PIECE).enumerate().flat_map(|(at, start)| {
            let pieces = self.pieces.get(start).into_iter().flatten();
            pieces.filter(move |(piece, ..)| output[at..].starts_with(piece))
        });
        let mut found: Vec<_> =
            found.map(|(_, owner, form)| format!("{}, {form}", self.names[*owner])).collect();
        found.sort();
        found.dedup();
        found
    }
}

#[test]
fn a_secret_is_found_in_every_form_wherever_it_begins() {
    let (mut canaries, text) = (Canaries::default(), secret("one"));
    canaries.add("one", &text);
    assert!(canaries.in_output(secret("another").as_bytes()).is_empty());
    for ahead in ["", "a", "ab", "abc"] {
        let whole = format!("{ahead}{text}{ahead}");
        let form: String = form_urlencoded::byte_serialize(whole.as_bytes()).collect();
        let decimal = format!("{:?}", whole.as_bytes());
        let hexadecimal = each_byte(whole.as_bytes(), |byte| format!("{byte:02x}"), "");
        for output in [whole.as_bytes(), form.as_bytes(), decimal.as_bytes(), &hexadecimal] {
            assert!(!canaries.in_output(output).is_empty(), "{ahead}");
        }
        for output in [STANDARD.encode(&whole), URL_SAFE.encode(&whole), text[9..25].to_owned()] {
            assert!(!canaries.in_output(output.as_bytes()).is_empty(), "{ahead}");
        }
    }
    assert!(canaries.in_output(&text.as_bytes()[9..24]).is_empty(), "a shorter piece does not count");
}
