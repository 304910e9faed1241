//! The gateway as a client of an authorization server (RFC 6749 §2.3): it asks about tokens, and exchanges them.

mod answers;
pub mod exchange;
pub mod introspection;
mod pause;
pub mod signing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use tollgate_protocol::url::HttpUrl;
use zeroize::Zeroizing;

use crate::config::{ClientAuthentication, OAuthClient};
use crate::fetch::{FetchError, Fetched, Fetcher, NoRemote, Remote, Trust};

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The way to one endpoint of an authorization server.
pub struct Client {
    settings: OAuthClient,
    endpoint: HttpUrl,
    /// For whom assertions are.
    audience: String,
    remote: Remote,
    fetcher: Fetcher,
}

impl Client {
    /// # Errors
    /// When the endpoint is not one to connect to, which the configuration rules out.
    pub fn new(
        settings: OAuthClient,
        endpoint: HttpUrl,
        audience: String,
        trust: Trust,
    ) -> Result<Client, NoRemote> {
        let remote = Remote::configured(&endpoint, trust)?;
        Ok(Client { settings, endpoint, audience, remote, fetcher: Fetcher::default() })
    }

    /// The endpoint, for the log.
    pub fn endpoint(&self) -> &HttpUrl {
        &self.endpoint
    }

    /// Sends a form as this client.
    ///
    /// # Errors
    /// When nothing came back.
    pub async fn post(&self, fields: &[(&str, &str)]) -> Result<Fetched, FetchError> {
        self.remote.resolve_if_due().await;
        let (form, authorization) = self.authenticated(fields);
        self.fetcher.form(&self.remote, &self.endpoint, form.as_bytes(), authorization).await
    }

    /// The form, and what is sent beside it.
    fn authenticated(&self, fields: &[(&str, &str)]) -> (Zeroizing<String>, Option<HeaderValue>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let id = &self.settings.id;
        let authorization = match &self.settings.authentication {
            ClientAuthentication::SecretBasic(secret) => basic(id, secret.expose()),
            ClientAuthentication::SecretPost(secret) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.expose());
                None
            }
            ClientAuthentication::PrivateKey(key) => {
                form.append_pair("client_id", id)
                    .append_pair("client_assertion_type", ASSERTION_TYPE)
                    .append_pair("client_assertion", &key.assertion(id, &self.audience));
                None
            }
        };
        (Zeroizing::new(form.finish()), authorization)
    }
}

/// RFC 6749 §2.3.1: both are form-encoded before they become a user name and a password.
fn basic(id: &str, secret: &str) -> Option<HeaderValue> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let plain = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret)));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn client(authentication: ClientAuthentication) -> Client {
        let settings = OAuthClient { id: "a gate".to_owned(), authentication };
        let endpoint = HttpUrl::parse("https://as.example/introspect").expect("a URL");
        Client::new(settings, endpoint, "https://as.example".to_owned(), Trust::default()).expect("a client")
    }

    fn secret() -> Secret {
        Secret::new(Zeroizing::new("p:w&+".to_owned()))
    }

    #[test]
    fn a_secret_goes_into_the_header_or_the_form_encoded_as_a_form() {
        let (form, authorization) =
            client(ClientAuthentication::SecretBasic(secret())).authenticated(&[("token", "a b")]);
        assert_eq!(*form, "token=a+b");
        let expected = format!("Basic {}", STANDARD.encode("a+gate:p%3Aw%26%2B"));
        assert_eq!(authorization.expect("a header"), expected.as_str());
        let (form, authorization) =
            client(ClientAuthentication::SecretPost(secret())).authenticated(&[("token", "t")]);
        assert_eq!(*form, "token=t&client_id=a+gate&client_secret=p%3Aw%26%2B");
        assert!(authorization.is_none());
    }
}
