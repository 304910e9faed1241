//! A limit that counts.

use std::fmt;
use std::sync::Arc;

use tollgate_protocol::envelope::Message;

use super::RateLimit;
use super::fields::Fields;
use super::key;
use crate::effects::Effects;
use crate::expression::{Facts, NoAnswer};
use crate::limiter::{self, KeyHasher, Limiter, Taken, key_text};
use crate::policy::{Charge, Denial, Memory, Needs, OnFailure, Policy, Reading, Services, Verdict};
use crate::reason::of_policies::{CONDITION_FAILED, LIMITS_UNAVAILABLE, QUOTA_SPENT, RATE_LIMITED};
use crate::request::{Request, unix_millis};

/// Of the JSON-RPC error. MCP has none for this; clients that know one know it from other servers.
const CODE: i64 = -32005;

/// A [`RateLimit`] and what it has counted.
pub struct Running {
    limit: RateLimit,
    /// Decides, or stands in for the shared store.
    pub(super) limiter: Arc<Limiter>,
    shared: Option<Shared>,
    fields: Option<Fields>,
}

struct Shared {
    /// No other limit of the gateway has it.
    place: String,
    on_failure: OnFailure,
}

impl Running {
    pub fn new(limit: &RateLimit, services: &dyn Services) -> Running {
        let before = services.memory().and_then(|memory| memory.downcast::<Limiter>().ok());
        let (windows, max_keys) = (limit.windows.clone(), limit.max_keys);
        let limiter = match before {
            Some(before) => before.with(windows, max_keys, unix_millis()),
            None => Limiter::new(windows, max_keys),
        };
        let place = services.place().to_owned();
        let name = place.rsplit('/').next().unwrap_or_default();
        Running {
            fields: limit.headers.then(|| Fields::new(name, &limit.windows)).flatten(),
            limit: limit.clone(),
            limiter: Arc::new(limiter),
            shared: services.shared_limits().map(|on_failure| Shared { place, on_failure }),
        }
    }

    fn count(&self, facts: &Facts<'_>, cost: u64, effects: &mut Effects) -> Verdict {
        let counted = match &self.shared {
            None => self.take(facts, cost).map(|taken| self.settle(&taken, effects)),
            Some(shared) => self.charge(shared, facts, cost).map(|charge| Verdict::Charge(Box::new(charge))),
        };
        counted.unwrap_or_else(|NoAnswer| Verdict::deny(&CONDITION_FAILED))
    }

    fn take(&self, facts: &Facts<'_>, cost: u64) -> Result<Taken, NoAnswer> {
        let mut hasher = KeyHasher::default();
        key::tell(&self.limit.by, facts, |kind, value| hasher.add(kind, value))?;
        Ok(self.limiter.take(&hasher.key(), cost, facts.request.now))
    }

    fn charge(&self, shared: &Shared, facts: &Facts<'_>, cost: u64) -> Result<Charge, NoAnswer> {
        let mut local = KeyHasher::default();
        let mut parts = vec![("limit", shared.place.clone())];
        key::tell(&self.limit.by, facts, |kind, value| {
            local.add(kind, value);
            parts.push((kind, value.to_owned()));
        })?;
        let parts: Vec<_> = parts.iter().map(|(kind, value)| (*kind, value.as_str())).collect();
        let windows = self.limit.windows.clone();
        Ok(Charge { key: key_text(&parts), cost, windows, local: local.key(), now: facts.request.now })
    }

    pub(super) fn settle(&self, taken: &Taken, effects: &mut Effects) -> Verdict {
        let reason = match taken.verdict {
            limiter::Verdict::Allowed => {
                self.fields.iter().for_each(|fields| fields.tell(taken, effects));
                return Verdict::Continue;
            }
            limiter::Verdict::RetryAfter(_) => &RATE_LIMITED,
            limiter::Verdict::Never => &QUOTA_SPENT,
        };
        let seconds = limiter::retry_after(taken);
        Verdict::Deny(Box::new(Denial {
            retry_after: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            fields: self.fields.iter().flat_map(|fields| fields.of(taken)).collect(),
            code: Some(CODE),
            ..Denial::new(reason)
        }))
    }
}

impl Policy for Running {
    fn needs(&self) -> Needs {
        match self.limit.reads_messages() {
            true => Needs { message: Reading::Enforce, ..Needs::default() },
            false => Needs { head: true, ..Needs::default() },
        }
    }

    fn on_head(&self, request: &Request<'_>, effects: &mut Effects) -> Verdict {
        self.count(&Facts::of(request), 1, effects)
    }

    fn on_message(&self, request: &Request<'_>, message: &Message<'_>, effects: &mut Effects) -> Verdict {
        match self.limit.cost(message) {
            0 => Verdict::Continue,
            cost => self.count(&Facts { request, message: Some(message) }, cost, effects),
        }
    }

    fn on_charged(&self, charge: &Charge, taken: Option<Taken>, effects: &mut Effects) -> Verdict {
        let on_failure = self.shared.as_ref().map_or(OnFailure::Local, |shared| shared.on_failure);
        match (taken, on_failure) {
            (Some(taken), _) => self.settle(&taken, effects),
            (None, OnFailure::Local) => {
                self.settle(&self.limiter.take(&charge.local, charge.cost, charge.now), effects)
            }
            (None, OnFailure::Open) => Verdict::Continue,
            (None, OnFailure::Closed) => Verdict::deny(&LIMITS_UNAVAILABLE),
        }
    }

    fn memory(&self) -> Option<Memory> {
        Some(self.limiter.clone())
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RateLimit").field("limit", &self.limit).finish_non_exhaustive()
    }
}
