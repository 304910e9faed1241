//! What clients are told of a limit.

use http::header::{HeaderName, HeaderValue};

use crate::effects::{Effects, FieldEdit};
use crate::limiter::{Taken, WindowNames, Windows};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// The fields of one limit.
pub struct Fields {
    names: WindowNames,
    policy: HeaderValue,
}

impl Fields {
    /// `None` for what no field can hold, which no name of a policy makes.
    pub fn new(name: &str, windows: &Windows) -> Option<Fields> {
        let names = WindowNames::new(name, windows);
        let policy = HeaderValue::try_from(names.policy_field(windows)).ok()?;
        Some(Fields { names, policy })
    }

    pub fn of(&self, taken: &Taken) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let standing = HeaderValue::try_from(self.names.standing_field(taken)).ok();
        [(POLICY, Some(self.policy.clone())), (STANDING, standing)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Adds them to those of other limits. Of the messages of a batch, the last one's standing is told.
    pub fn tell(&self, taken: &Taken, effects: &mut Effects) {
        let edits = &mut effects.response_fields;
        let is_own = |edit: &FieldEdit| matches!(edit, FieldEdit::Append(name, value) if *name == POLICY && *value == self.policy);
        if let Some(at) = edits.iter().position(is_own) {
            edits.drain(at..edits.len().min(at + 2));
        }
        edits.extend(self.of(taken).map(|(name, value)| FieldEdit::Append(name, value)));
    }
}
