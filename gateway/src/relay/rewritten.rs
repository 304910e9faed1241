//! What became of the challenge a resource answered with last. Servers say the same each time, to all who come without a
//! token, so most of them need not be read and written anew.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::header::{self, HeaderValue};
use pingora::http::ResponseHeader;

use crate::gateway::Identifier;

/// Longer ones are rewritten each time: a server that says something else to everybody would fill the memory with it.
const BYTES_MAX: usize = 4096;

/// A challenge, as it came and as it goes on.
pub struct Rewritten {
    pub came: Vec<HeaderValue>,
    /// What the client dialled.
    pub to: Identifier,
    /// Where it says that the metadata is, unless that is the gateway's own URL.
    pub named: Option<String>,
    pub goes: Vec<HeaderValue>,
}

/// The last one.
#[derive(Default)]
pub struct LastRewritten(ArcSwapOption<Rewritten>);

impl LastRewritten {
    pub fn remember(&self, rewritten: Rewritten) {
        if rewritten.came.iter().map(HeaderValue::len).sum::<usize>() <= BYTES_MAX {
            self.0.store(Some(Arc::new(rewritten)));
        }
    }

    /// What becomes of the challenge in this response, if it is that.
    pub fn of(&self, response: &ResponseHeader, to: &Identifier) -> Option<Arc<Rewritten>> {
        let last = self.0.load();
        let last = last.as_ref()?;
        let is_the_same = Arc::ptr_eq(&last.to.origin, &to.origin)
            && last.to.path == to.path
            && response.headers.get_all(header::WWW_AUTHENTICATE).iter().eq(&last.came);
        is_the_same.then(|| last.clone())
    }
}

#[cfg(test)]
mod tests {
    use tollgate_protocol::url::Scheme;

    use super::*;
    use crate::origin::{PublicOrigin, PublicOrigins};

    fn origin() -> Arc<PublicOrigin> {
        let here = ([127, 0, 0, 1], 8080).into();
        let origins = PublicOrigins::new(Scheme::Https, here, &[], [].into_iter());
        origins.select("localhost:8080").expect("a loopback name").clone()
    }

    fn identifier(origin: &Arc<PublicOrigin>, path: &str) -> Identifier {
        Identifier { origin: origin.clone(), path: path.to_string() }
    }

    fn response(challenges: &[&str]) -> ResponseHeader {
        let mut response = ResponseHeader::build(401, None).expect("a status");
        for challenge in challenges {
            response.append_header(header::WWW_AUTHENTICATE, *challenge).expect("a value");
        }
        response
    }

    fn rewritten(came: &[&str], to: Identifier) -> Rewritten {
        let value = |text: &&str| HeaderValue::from_str(text).expect("a value");
        Rewritten { came: came.iter().map(value).collect(), to, named: None, goes: vec![] }
    }

    #[test]
    fn a_challenge_is_known_again_only_if_nothing_about_it_has_changed() {
        let here = origin();
        let last = LastRewritten::default();
        assert!(last.of(&response(&["Bearer"]), &identifier(&here, "/a")).is_none());
        last.remember(rewritten(&["Bearer", "DPoP"], identifier(&here, "/a")));
        assert!(last.of(&response(&["Bearer", "DPoP"]), &identifier(&here, "/a")).is_some());
        let others: [&[&str]; 4] = [&["Bearer"], &["DPoP", "Bearer"], &["Bearer", "DPoP", "Basic"], &[]];
        for other in others {
            assert!(last.of(&response(other), &identifier(&here, "/a")).is_none(), "{other:?}");
        }
        assert!(last.of(&response(&["Bearer", "DPoP"]), &identifier(&here, "/A")).is_none());
        let elsewhere = origin();
        assert!(last.of(&response(&["Bearer", "DPoP"]), &identifier(&elsewhere, "/a")).is_none());
    }

    #[test]
    fn long_challenges_are_not_kept() {
        let here = origin();
        let last = LastRewritten::default();
        let long = format!("Bearer error_description=\"{}\"", "x".repeat(BYTES_MAX));
        last.remember(rewritten(&[&long], identifier(&here, "/a")));
        assert!(last.of(&response(&[&long]), &identifier(&here, "/a")).is_none());
    }
}
