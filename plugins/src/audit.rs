//! `audit`: who has called what, with one record for each call, apart from the log of requests.
//!
//! The policy only looks: it keeps what it has seen ([`Audited`]), and the record is written when the request has ended,
//! whoever has answered it. Arguments, tokens and ids of sessions are in no record, but for a SHA-256. A request that a
//! policy before this one refuses by its head, or that no plan admits, is not seen.

mod record;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tollgate_protocol::envelope::Message;

pub use self::record::{Audited, Call, Record, Sink, Text};
pub use self::settings::{Arguments, Settings, Target, To, check};
use crate::effects::Effects;
use crate::pattern::Pattern;
use crate::policy::{Needs, Policy, Reading, Services, Verdict};
use crate::request::Request;

/// What the settings say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub target: Target,
    methods: Vec<Pattern>,
    arguments: Arguments,
}

impl Audit {
    /// # Errors
    /// When there is nowhere to write.
    pub fn start(&self, services: &dyn Services) -> Result<Auditor, String> {
        Ok(Auditor { settings: self.clone(), sink: services.sink(&self.target)? })
    }
}

/// The policy.
#[derive(Debug)]
pub struct Auditor {
    settings: Audit,
    sink: Arc<dyn Sink>,
}

impl Policy for Auditor {
    fn needs(&self) -> Needs {
        Needs { head: true, message: Reading::Observe, ..Needs::default() }
    }

    fn on_head(&self, request: &Request<'_>, effects: &mut Effects) -> Verdict {
        // Noted now: it is told at the end when no message was seen, which the caller could see to by its form.
        if matches!(request.method, "POST" | "PUT" | "PATCH") {
            self.audited(request, effects);
        }
        Verdict::Continue
    }

    fn on_message(&self, request: &Request<'_>, message: &Message<'_>, effects: &mut Effects) -> Verdict {
        let audited = self.audited(request, effects);
        audited.was_read = true;
        if message.method().is_some_and(|method| self.settings.methods.iter().any(|it| it.fits(method))) {
            audited.calls.extend(Call::of(message, self.settings.arguments));
        }
        Verdict::Continue
    }
}

impl Auditor {
    /// What was seen of a request for the same sink.
    fn audited<'e>(&self, request: &Request<'_>, effects: &'e mut Effects) -> &'e mut Audited {
        let known = effects.audited.iter().position(|audited| Arc::ptr_eq(&audited.sink, &self.sink));
        let place = known.unwrap_or(effects.audited.len());
        if known.is_none() {
            effects.audited.push(Audited::new(self.sink.clone(), request.session()));
        }
        &mut effects.audited[place]
    }
}
