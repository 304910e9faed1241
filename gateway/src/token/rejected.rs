//! Why a token is not accepted.

use std::fmt;

use tollgate_protocol::jwt::JwtError;

use crate::reason::{self, Reason};

/// All but those that cannot be told are an `invalid_token` (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Not a signed JWT, or one with claims that are not what they should be; in words that hold no part of it.
    Malformed(&'static str),
    Algorithm,
    /// Its `typ` is not accepted, or it is an ID token.
    Type,
    Issuer,
    /// No key of its issuer's has its `kid`, or it has none and several keys fit.
    KeyUnknown,
    Signature,
    Expired,
    NotYetValid,
    Audience,
    /// It is bound to a key or a certificate (RFC 8705, RFC 9449), which nobody checks.
    Bound,
    /// It is bound to a certificate, and that was not shown; or to none, where it has to be.
    Certificate,
    /// Its issuer says that it is not good: expired, revoked, or never issued.
    Inactive,
    /// Whether it is good cannot be told now: a 503, since a new token would fare no better.
    KeysUnavailable,
    /// Likewise.
    IntrospectionUnavailable,
}

impl Rejected {
    /// Whether the token may be as good as any.
    pub fn cannot_be_told(self) -> bool {
        matches!(self, Rejected::KeysUnavailable | Rejected::IntrospectionUnavailable)
    }

    /// What its sender is told.
    pub fn reason(self) -> &'static Reason {
        match self {
            Rejected::Malformed(_) => &reason::TOKEN_MALFORMED,
            Rejected::Algorithm => &reason::TOKEN_ALGORITHM,
            Rejected::Type => &reason::TOKEN_TYPE,
            Rejected::Issuer => &reason::TOKEN_ISSUER,
            Rejected::KeyUnknown => &reason::TOKEN_KEY_UNKNOWN,
            Rejected::Signature => &reason::TOKEN_SIGNATURE,
            Rejected::Expired => &reason::TOKEN_EXPIRED,
            Rejected::NotYetValid => &reason::TOKEN_NOT_YET_VALID,
            Rejected::Audience => &reason::TOKEN_AUDIENCE,
            Rejected::Bound => &reason::TOKEN_BOUND,
            Rejected::Certificate => &reason::TOKEN_CERTIFICATE,
            Rejected::Inactive => &reason::TOKEN_INACTIVE,
            Rejected::KeysUnavailable => &reason::KEYS_UNAVAILABLE,
            Rejected::IntrospectionUnavailable => &reason::INTROSPECTION_UNAVAILABLE,
        }
    }
}

impl From<JwtError> for Rejected {
    fn from(error: JwtError) -> Self {
        match error {
            JwtError::Algorithm => Rejected::Algorithm,
            other => Rejected::Malformed(other.message()),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Rejected::Malformed(why) => why,
            Rejected::Algorithm => "the token is signed with an algorithm that is not accepted",
            Rejected::Type => "the token is not an access token",
            Rejected::Issuer => "the token is from an issuer that is not accepted",
            Rejected::KeyUnknown => "the token is signed with a key that its issuer does not publish",
            Rejected::Signature => "the token's signature is wrong",
            Rejected::Expired => "the token has expired",
            Rejected::NotYetValid => "the token is not valid yet",
            Rejected::Audience => "the token is for another audience",
            Rejected::Bound => "the token is bound to a key that is not checked here",
            Rejected::Certificate => "the token is not bound to the certificate that was shown",
            Rejected::Inactive => "the token is not active",
            Rejected::IntrospectionUnavailable => "the token's issuer does not answer",
            Rejected::KeysUnavailable => "the keys of the token's issuer are not available",
        })
    }
}

impl std::error::Error for Rejected {}
