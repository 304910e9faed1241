//! Unguessable strings: client ids, codes, tokens, verifiers, states.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 256 random bits as 43 characters that need no escaping in a URL or a header.
pub fn unguessable() -> String {
    let mut bytes = [0u8; 32];
    // Without randomness nothing here can be secure, and every supported system has it.
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}
