//! A secret of the configuration: named there, never written there, and never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A value that was read from a file or from the environment. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(value: Zeroizing<String>) -> Secret {
        Secret(value)
    }

    /// The value itself, for whoever has to send or hash it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// That there is one, and no more.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}
