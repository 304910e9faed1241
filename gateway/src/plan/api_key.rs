//! Plans for callers with a key. Keys are kept as their SHA-256: finding one takes as long for every key that is sent, and
//! a copy of this process's memory gives none away.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::caller::{Caller, Consumer};
use super::tokens::bearer;
use crate::config::{ApiKeySource, KeyDigest};

/// A longer one is not hashed.
const KEY_BYTES_MAX: usize = 1024;

/// The keys that open one plan.
#[derive(Debug)]
pub struct ApiKeys {
    source: ApiKeySource,
    by_digest: HashMap<KeyDigest, Entry, RandomState>,
}

/// Whose a key is.
#[derive(Debug, Clone)]
pub struct Entry {
    pub consumer: Arc<Consumer>,
    pub key: Option<Arc<str>>,
    pub expires: Option<DateTime<Utc>>,
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefused {
    Unknown,
    Expired,
    /// Which of them would count is anybody's guess.
    Several,
}

impl ApiKeys {
    pub fn new(source: ApiKeySource, keys: impl IntoIterator<Item = (KeyDigest, Entry)>) -> ApiKeys {
        ApiKeys { source, by_digest: keys.into_iter().collect() }
    }

    pub fn source(&self) -> &ApiKeySource {
        &self.source
    }

    /// Whose key a request has; `None` when it has none. `now` in milliseconds since 1970.
    pub fn find(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        now: u64,
    ) -> Option<Result<Caller, KeyRefused>> {
        match &self.source {
            ApiKeySource::Header(name) => {
                self.only(headers.get_all(name).iter().map(|value| value.as_bytes()), now)
            }
            ApiKeySource::Query(name) => self.only(values(query?, name).map(str::as_bytes), now),
            ApiKeySource::Bearer => self.only(bearer(headers).map(str::as_bytes).into_iter(), now),
        }
    }

    fn only<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k [u8]>,
        now: u64,
    ) -> Option<Result<Caller, KeyRefused>> {
        let key = keys.next()?;
        Some(match keys.next() {
            Some(_) => Err(KeyRefused::Several),
            None => self.judge(key, now),
        })
    }

    fn judge(&self, key: &[u8], now: u64) -> Result<Caller, KeyRefused> {
        if key.len() > KEY_BYTES_MAX {
            return Err(KeyRefused::Unknown);
        }
        let digest: KeyDigest = Sha256::digest(key).into();
        let entry = self.by_digest.get(&digest).ok_or(KeyRefused::Unknown)?;
        if entry
            .expires
            .is_some_and(|expires| u64::try_from(expires.timestamp_millis()).unwrap_or_default() <= now)
        {
            return Err(KeyRefused::Expired);
        }
        Ok(Caller { consumer: Some(entry.consumer.clone()), key: entry.key.clone(), token: None })
    }
}

/// The values of a query parameter, as they are written.
fn values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = &'q str> {
    query
        .split('&')
        .filter_map(move |pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

/// A query without a parameter.
pub fn without(query: &str, name: &str) -> Option<String> {
    let is_other = |pair: &&str| pair.split('=').next() != Some(name);
    let left: Vec<&str> = query.split('&').filter(is_other).collect();
    (!left.is_empty()).then(|| left.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderName, HeaderValue};
    use tollgate_plugins::request::unix_millis;

    const HEADER: HeaderName = HeaderName::from_static("x-api-key");

    fn keys(source: ApiKeySource) -> ApiKeys {
        let acme = Arc::new(Consumer { name: "acme".into(), labels: vec![], label_fields: vec![] });
        let entry = |expires| Entry { consumer: acme.clone(), key: None, expires };
        let past = DateTime::from_timestamp(1000, 0);
        let digest = |key: &str| Sha256::digest(key).into();
        ApiKeys::new(source, [(digest("good"), entry(None)), (digest("old"), entry(past))])
    }

    /// The consumer, or why there is none.
    fn by_header(sent: &[&str]) -> Option<Result<String, KeyRefused>> {
        let mut headers = HeaderMap::new();
        for key in sent {
            headers.append(HEADER, HeaderValue::from_str(key).unwrap());
        }
        let found = keys(ApiKeySource::Header(HEADER)).find(&headers, None, unix_millis())?;
        Some(
            found.map(|caller| caller.consumer.map(|consumer| consumer.name.to_string()).unwrap_or_default()),
        )
    }

    #[test]
    fn a_key_is_good_unknown_expired_or_not_there() {
        assert_eq!(by_header(&[]), None);
        assert_eq!(by_header(&["good"]), Some(Ok("acme".to_owned())));
        for unknown in ["bad", "", "GOOD", "good "] {
            assert_eq!(by_header(&[unknown]), Some(Err(KeyRefused::Unknown)), "{unknown:?}");
        }
        assert_eq!(by_header(&[&"x".repeat(KEY_BYTES_MAX + 1)]), Some(Err(KeyRefused::Unknown)));
        assert_eq!(by_header(&["old"]), Some(Err(KeyRefused::Expired)));
        assert_eq!(by_header(&["good", "good"]), Some(Err(KeyRefused::Several)));
    }

    #[test]
    fn a_query_is_looked_through_for_the_name_alone() {
        let find = |query: &str| {
            keys(ApiKeySource::Query("key".to_owned())).find(&HeaderMap::new(), Some(query), unix_millis())
        };
        assert!(find("a=1&key=good&b=2").is_some_and(|found| found.is_ok()));
        assert!(find("monkey=good&a=key&key").is_none());
        assert!(matches!(find("key=good&key=good"), Some(Err(KeyRefused::Several))));
        assert!(matches!(find("key=go%6fd"), Some(Err(KeyRefused::Unknown))));
    }

    #[test]
    fn what_is_left_of_a_query_is_as_it_was() {
        assert_eq!(without("a=%20&key=x&b", "key").as_deref(), Some("a=%20&b"));
        assert_eq!(without("key=x&key", "key"), None);
        assert_eq!(without("keys=1", "key").as_deref(), Some("keys=1"));
    }
}
