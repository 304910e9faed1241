//! Sealed session ids: the id of an MCP session as clients see it, which tells whoever has the key the endpoint that
//! began the session and what that endpoint calls it.
//!
//! Text in, text out. `docs/decisions/0009-sealed-session-ids.md` says why it is made like this:
//!
//! ```text
//! contents = version (1 byte), identity of the endpoint (8), the endpoint's own id (1 to 1024)
//! nonce    = the first 16 bytes of HMAC-SHA256(HKDF(key, "nonce"), length of the API's name, the name, contents)
//! id       = base64url(nonce, ChaCha20-Poly1305(HKDF(key, "key", nonce), contents, associated data: the name))
//! ```

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::hmac::{self, HMAC_SHA256};

use super::sessions::ID_BYTES_MAX;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

const VERSION: u8 = 1;
const IDENTITY_BYTES: usize = 8;
const NONCE_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// The longest id that is looked at, in characters.
const SEALED_MAX: usize = (NONCE_BYTES + 1 + IDENTITY_BYTES + ID_BYTES_MAX + TAG_BYTES).div_ceil(3) * 4;

/// What an endpoint is called in sealed ids, by every gateway alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity([u8; IDENTITY_BYTES]);

impl Identity {
    /// Made of the endpoint's URL, so that neither its place in a list nor its name matters.
    pub fn of(url: &str) -> Identity {
        let mut identity = [0; IDENTITY_BYTES];
        identity.copy_from_slice(&digest(&SHA256, url.as_bytes()).as_ref()[..IDENTITY_BYTES]);
        Identity(identity)
    }
}

/// One of the operator's keys.
pub struct Key(Prk);

impl Key {
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Key {
        Key(Salt::new(HKDF_SHA256, b"tollgate sealed session id").extract(bytes))
    }

    /// Equal contents have equal nonces; that any others do is not to be expected below 2⁴⁸ ids.
    fn nonce(&self, api: &str, contents: &[u8]) -> Option<[u8; NONCE_BYTES]> {
        let key: hmac::Key = self.0.expand(&[b"nonce"], HMAC_SHA256).ok()?.into();
        let mut mac = hmac::Context::with_key(&key);
        mac.update(&(api.len() as u64).to_be_bytes());
        mac.update(api.as_bytes());
        mac.update(contents);
        mac.sign().as_ref().first_chunk().copied()
    }

    /// Each nonce has a key of its own.
    fn cipher(&self, nonce: &[u8]) -> Option<LessSafeKey> {
        let info = [b"key", nonce];
        let key: UnboundKey = self.0.expand(&info, &CHACHA20_POLY1305).ok()?.into();
        Some(LessSafeKey::new(key))
    }
}

/// A key is never printed.
impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Key").finish_non_exhaustive()
    }
}

/// Seals and opens the session ids of one API.
pub struct Seal {
    api: String,
    /// The first one seals, each of them opens.
    keys: Arc<[Key]>,
}

/// What a sealed id says.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    pub endpoint: Identity,
    /// As the endpoint calls the session.
    pub id: HeaderValue,
}

impl Seal {
    pub fn new(api: &str, keys: Arc<[Key]>) -> Seal {
        Seal { api: api.to_string(), keys }
    }

    /// The id for clients of a session that this endpoint has begun.
    ///
    /// `None` for what is no session id (MCP 2025-11-25: visible ASCII), and for one longer than 1024 characters.
    pub fn seal(&self, endpoint: Identity, id: &[u8]) -> Option<HeaderValue> {
        if id.is_empty() || id.len() > ID_BYTES_MAX || !id.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let key = self.keys.first()?;
        let mut sealed = [&[VERSION], &endpoint.0[..], id].concat();
        let nonce = key.nonce(&self.api, &sealed)?;
        let aad = Aad::from(self.api.as_bytes());
        key.cipher(&nonce)?.seal_in_place_append_tag(only_nonce(), aad, &mut sealed).ok()?;
        HeaderValue::try_from(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())).ok()
    }

    /// `None` for everything that was not sealed for this API with one of these keys.
    pub fn open(&self, sealed: &str) -> Option<Opened> {
        if sealed.len() > SEALED_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        self.keys.iter().find_map(|key| {
            // What does not open is overwritten by the attempt.
            let mut contents = sealed.to_vec();
            let aad = Aad::from(self.api.as_bytes());
            read(key.cipher(nonce)?.open_in_place(only_nonce(), aad, &mut contents).ok()?)
        })
    }
}

/// The cipher's own nonce: its key is used for one message.
fn only_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; ring::aead::NONCE_LEN])
}

fn read(contents: &[u8]) -> Option<Opened> {
    let (&version, contents) = contents.split_first()?;
    let (&identity, id) = contents.split_first_chunk()?;
    let id = HeaderValue::from_bytes(id).ok()?;
    (version == VERSION).then_some(Opened { endpoint: Identity(identity), id })
}

#[cfg(test)]
mod tests;
