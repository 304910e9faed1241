//! Whose tokens are whose: a client or a subject of an issuer is a consumer's. Neither means anything without its issuer,
//! for every issuer chooses its own.

use std::collections::HashMap;
use std::sync::Arc;

use super::caller::Consumer;
use crate::config::TokenOwner;
use crate::token::Verified;

/// The consumers of one plan, by what their tokens say.
#[derive(Debug, Default)]
pub struct TokenOwners {
    of: HashMap<String, OfIssuer>,
    by_name: HashMap<String, Arc<Consumer>>,
}

#[derive(Debug, Default)]
struct OfIssuer {
    /// By client, then by subject.
    both: HashMap<String, HashMap<String, Arc<Consumer>>>,
    subjects: HashMap<String, Arc<Consumer>>,
    clients: HashMap<String, Arc<Consumer>>,
}

impl TokenOwners {
    pub fn add(&mut self, consumer: &Arc<Consumer>, tokens: &[TokenOwner]) {
        self.by_name.insert(consumer.name.to_string(), consumer.clone());
        for TokenOwner { issuer, client_id, subject } in tokens {
            let of = self.of.entry(issuer.clone()).or_default();
            let place = match (client_id, subject) {
                (Some(client), Some(subject)) => {
                    of.both.entry(client.clone()).or_default().entry(subject.clone())
                }
                (Some(client), None) => of.clients.entry(client.clone()),
                (None, Some(subject)) => of.subjects.entry(subject.clone()),
                (None, None) => continue,
            };
            place.or_insert_with(|| consumer.clone());
        }
    }

    /// Whose token it is. The issuer's own word for it comes first, where the operator has it heeded; then what says most.
    pub fn find(&self, token: &Verified) -> Option<&Arc<Consumer>> {
        if let Some(name) = &token.consumer {
            return self.by_name.get(name);
        }
        let of = self.of.get(&token.issuer)?;
        let (client, subject) = (token.client_id.as_deref(), token.subject.as_deref());
        let both = client.and_then(|client| of.both.get(client)).and_then(|of| of.get(subject?));
        both.or_else(|| of.subjects.get(subject?)).or_else(|| of.clients.get(client?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::testing::verified;

    fn consumer(name: &str) -> Arc<Consumer> {
        Arc::new(Consumer { name: name.into(), labels: vec![], label_fields: vec![] })
    }

    fn owner(client_id: Option<&str>, subject: Option<&str>) -> TokenOwner {
        let text = |text: Option<&str>| text.map(str::to_owned);
        TokenOwner {
            issuer: "https://as.example".to_owned(),
            client_id: text(client_id),
            subject: text(subject),
        }
    }

    #[test]
    fn what_says_most_about_a_token_says_whose_it_is() {
        let mut owners = TokenOwners::default();
        owners.add(&consumer("client"), &[owner(Some("c"), None)]);
        owners.add(&consumer("subject"), &[owner(None, Some("s"))]);
        owners.add(&consumer("both"), &[owner(Some("c"), Some("t"))]);
        let whose = |issuer: &str, client: &str, subject: &str| {
            owners.find(&verified(issuer, client, subject)).map(|consumer| consumer.name.to_string())
        };
        let issuer = "https://as.example";
        assert_eq!(whose(issuer, "c", "t").as_deref(), Some("both"));
        assert_eq!(whose(issuer, "c", "s").as_deref(), Some("subject"));
        assert_eq!(whose(issuer, "c", "u").as_deref(), Some("client"));
        assert_eq!(whose(issuer, "d", "t"), None);
        assert_eq!(whose("https://other.example", "c", "s"), None, "another issuer's client of that name");
    }
}
