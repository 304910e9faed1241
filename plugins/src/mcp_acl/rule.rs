//! One rule, compiled.

use super::thing::{self, Thing};
use super::uri::Uri;
use crate::condition::Condition;
use crate::expression::Facts;
use crate::pattern::Pattern;

/// What it fits, and what must hold besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Where it is: `allow[0]`.
    pub place: Box<str>,
    pub methods: Vec<Pattern>,
    pub tools: Vec<Pattern>,
    pub resources: Vec<Pattern>,
    pub prompts: Vec<Pattern>,
    pub when: Option<Condition>,
    pub scopes: Vec<String>,
}

/// Whether a rule allows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Yes,
    ButForScopes,
    No,
}

impl Rule {
    pub fn allows(&self, method: &str, thing: &Thing<'_>, facts: &Facts<'_>) -> Holds {
        let holds = || self.when.as_ref().is_none_or(|when| when.holds(facts) == Ok(true));
        if !self.fits(method, thing, Side::Allow) || !holds() {
            return Holds::No;
        }
        match self.scopes.iter().all(|scope| facts.request.has_scope(scope)) {
            true => Holds::Yes,
            false => Holds::ButForScopes,
        }
    }

    pub fn denies(&self, method: &str, thing: &Thing<'_>, facts: &Facts<'_>) -> bool {
        let holds = || self.when.as_ref().is_none_or(|when| when.holds(facts) != Ok(false));
        self.fits(method, thing, Side::Deny) && holds()
    }

    /// Whether it could allow a call that is not there yet. Scopes can be asked for.
    pub fn may_fit(&self, method: &str, thing: &Thing<'_>, facts: &Facts<'_>) -> bool {
        let may_hold =
            |when: &Condition| when.expression().looks_at_messages() || when.holds(facts) == Ok(true);
        self.fits(method, thing, Side::Allow) && self.when.as_ref().is_none_or(may_hold)
    }

    /// Whether it denies every such call.
    pub fn hides(&self, method: &str, thing: &Thing<'_>, facts: &Facts<'_>) -> bool {
        let holds =
            |when: &Condition| !when.expression().looks_at_messages() && when.holds(facts) != Ok(false);
        self.fits(method, thing, Side::Deny) && self.when.as_ref().is_none_or(holds)
    }

    /// Whether it names what servers ask of clients. All answers are read where one does, so it has to be meant.
    pub fn is_about_requests_of_servers(&self) -> bool {
        let fits = |method: &str| self.fits(method, &Thing::None, Side::Deny);
        let looks_at_messages = |when: &Condition| when.expression().looks_at_messages();
        !self.methods.is_empty()
            && !self.when.as_ref().is_some_and(looks_at_messages)
            && thing::is_asked_of_clients(fits)
    }

    fn fits(&self, method: &str, thing: &Thing<'_>, side: Side) -> bool {
        let fits = |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.fits(name));
        if !self.methods.is_empty() && !fits(&self.methods, method) {
            return false;
        }
        if self.tools.is_empty() && self.resources.is_empty() && self.prompts.is_empty() {
            return side == Side::Deny || *thing != Thing::Unreadable;
        }
        match thing {
            Thing::None => false,
            Thing::Tool(name) => fits(&self.tools, name),
            Thing::Prompt(name) => fits(&self.prompts, name),
            Thing::Resource(uri) => self.resources.iter().any(|pattern| side.fits_uri(pattern, uri)),
            Thing::Template(text) => self.resources.iter().any(|pattern| side.fits_template(pattern, text)),
            Thing::Unreadable => side == Side::Deny,
        }
    }
}

/// Of two ways to read something, each list has to take the one that is safe for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Allow,
    Deny,
}

impl Side {
    fn fits_uri(self, pattern: &Pattern, uri: &Uri<'_>) -> bool {
        let normal = |fits: bool| uri.normal.as_ref().map_or(fits, |normal| pattern.fits(normal));
        match self {
            Side::Allow => normal(false),
            Side::Deny => pattern.fits(&uri.written) || normal(true),
        }
    }

    /// A template is allowed where one of its URIs may be, and denied where all of them are.
    fn fits_template(self, pattern: &Pattern, text: &str) -> bool {
        let literal = text.split('{').next().unwrap_or_default();
        match self {
            Side::Allow => pattern.may_fit_from(literal),
            Side::Deny => pattern.fits(text) || pattern.fits_all_from(literal),
        }
    }
}
