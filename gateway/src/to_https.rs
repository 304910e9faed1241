//! Sending clients that came in clear text to the `https` origin of the host they dialled.
//!
//! The host only selects one of the configured public URLs: a redirect to whatever a request names would be an open one.

use std::collections::HashMap;

use http::header::{self, HeaderValue};
use tollgate_protocol::url::{Origin, Scheme};

use crate::canonical::Canonical;
use crate::reason;
use crate::respond::{Refusal, Reply};

/// The public origins clients are sent to, by host.
#[derive(Debug)]
pub struct HttpsOrigins(HashMap<String, String>);

impl HttpsOrigins {
    /// Of several with one host the first is taken.
    pub fn new(public_urls: &[Origin]) -> HttpsOrigins {
        let mut by_host = HashMap::new();
        for origin in public_urls.iter().filter(|origin| origin.scheme() == Scheme::Https) {
            by_host.entry(origin.host().to_string()).or_insert_with(|| origin.to_string());
        }
        HttpsOrigins(by_host)
    }

    /// The same URL over TLS. 308 keeps method and body: the client sends both again, there.
    ///
    /// # Errors
    /// When no public URL has the host.
    pub fn redirect(&self, request: &Canonical<'_>) -> Result<Reply, Refusal> {
        let Some(origin) = self.0.get(&request.host().to_ascii_lowercase()) else {
            return Err(Refusal::new(&reason::UNKNOWN_HOST));
        };
        let (question_mark, query) = request.query.map_or(("", ""), |query| ("?", query));
        let location = format!("{origin}{}{question_mark}{query}", request.path);
        let location = HeaderValue::try_from(location).map_err(|_| Refusal::new(&reason::BAD_PATH))?;
        Ok(Reply::new(308).with(header::LOCATION, location))
    }
}
