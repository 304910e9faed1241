//! Who a caller is, as far as the plan that admitted it has found out.

use std::sync::Arc;

use crate::token::Verified;

/// A known caller of the configuration, as requests see it.
#[derive(Debug)]
pub struct Consumer {
    pub name: Arc<str>,
    /// What the operator says of it: names and values.
    pub labels: Vec<(String, String)>,
    /// What logs call them, in the same order.
    pub label_fields: Vec<String>,
}

/// Whoever sends a request.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub consumer: Option<Arc<Consumer>>,
    /// Which of its keys it has used, where that has a name.
    pub key: Option<Arc<str>>,
    /// The token it was admitted by.
    pub token: Option<Arc<Verified>>,
}

impl Caller {
    /// The user a token is about.
    pub fn subject(&self) -> Option<&str> {
        self.token.as_ref()?.subject.as_deref()
    }

    /// The program a token was issued to.
    pub fn client_id(&self) -> Option<&str> {
        self.token.as_ref()?.client_id.as_deref()
    }
}
