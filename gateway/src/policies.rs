//! The policies of a plan: the gateway's, then its API's, then its own, in the order they were written. Each is asked at
//! the moments it needs; the first that does not let a request through decides.

mod start;
mod view;

use std::sync::Arc;

use tollgate_plugins::effects::Effects;
use tollgate_plugins::policy::{Answer, Denial, Policy, Reading, Verdict};
use tollgate_plugins::request::Request;
use tollgate_protocol::envelope::{Envelope, Kind, Message};
use tollgate_protocol::lists::Listed;

pub use self::start::{Memories, Started, Starter};
pub use self::view::{head, view};
use crate::context::Route;
use crate::limits::Store;
use crate::plan::Plan;
use crate::reason;
use crate::respond::{Answered, End, Refusal, Reply};

/// Compiled, and sorted by what each has to be asked about.
#[derive(Debug, Default)]
pub struct Chain {
    /// Where several gateways count together.
    limits: Option<Arc<dyn Store>>,
    on_head: Vec<Member>,
    /// Those that only look at messages.
    observers: Vec<Member>,
    on_message: Vec<Member>,
    on_lists: Vec<Member>,
    on_requests_of_servers: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    name: Arc<str>,
    policy: Arc<dyn Policy>,
}

/// What ends a request at the gateway.
#[derive(Debug)]
pub enum Stop {
    Answer(Box<Answer>),
    Deny { policy: Arc<str>, denial: Box<Denial> },
}

impl Chain {
    pub fn new<'s>(started: impl IntoIterator<Item = &'s Started>, limits: Option<Arc<dyn Store>>) -> Chain {
        let mut chain = Chain { limits, ..Chain::default() };
        for (name, policy) in started {
            let needs = policy.needs();
            let member = Member { name: name.clone(), policy: policy.clone() };
            let messages = match needs.message {
                Reading::No => None,
                Reading::Observe => Some(&mut chain.observers),
                Reading::Enforce => Some(&mut chain.on_message),
            };
            messages.into_iter().for_each(|list| list.push(member.clone()));
            if needs.head {
                chain.on_head.push(member.clone());
            }
            if needs.lists {
                chain.on_lists.push(member.clone());
            }
            if needs.requests {
                chain.on_requests_of_servers.push(member);
            }
        }
        chain
    }

    /// Whether somebody has to be asked about the head.
    pub fn looks_at_heads(&self) -> bool {
        !self.on_head.is_empty()
    }

    /// How it has to have messages read.
    pub fn reading(&self) -> Reading {
        match (self.on_message.is_empty(), self.observers.is_empty()) {
            (false, _) => Reading::Enforce,
            (true, false) => Reading::Observe,
            (true, true) => Reading::No,
        }
    }

    /// Whether there are lists from which it hides something.
    pub fn edits_lists(&self) -> bool {
        !self.on_lists.is_empty()
    }

    /// # Errors
    /// What the client is answered instead.
    pub async fn head(&self, request: &Request<'_>, effects: &mut Effects) -> Result<(), Stop> {
        for member in &self.on_head {
            let verdict = member.policy.on_head(request, effects);
            self.settle(member, verdict, effects).await?;
        }
        Ok(())
    }

    /// Shows the messages of a body to those that only look.
    pub fn observe(&self, request: &Request<'_>, envelope: &Envelope<'_>, effects: &mut Effects) {
        for member in &self.observers {
            for message in envelope.messages() {
                // What it says comes too late; it may have something to remember.
                let _ = member.policy.on_message(request, message, effects);
            }
        }
    }

    /// Asks those that decide; the others were shown the messages before.
    ///
    /// # Errors
    /// What the client is answered instead: one message that is refused refuses its batch.
    pub async fn messages(
        &self,
        request: &Request<'_>,
        envelope: &Envelope<'_>,
        effects: &mut Effects,
    ) -> Result<(), Stop> {
        for message in envelope.messages() {
            for member in &self.on_message {
                let verdict = member.policy.on_message(request, message, effects);
                self.settle(member, verdict, effects).await?;
            }
        }
        Ok(())
    }

    async fn settle(&self, member: &Member, verdict: Verdict, effects: &mut Effects) -> Result<(), Stop> {
        let verdict = match verdict {
            Verdict::Charge(charge) => {
                let taken = match &self.limits {
                    Some(limits) => limits.take(&charge).await,
                    None => None,
                };
                member.policy.on_charged(&charge, taken, effects)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Continue => Ok(()),
            Verdict::Answer(answer) => Err(Stop::Answer(answer)),
            Verdict::Deny(denial) => Err(Stop::Deny { policy: member.name.clone(), denial }),
            // Who asks the store a second time has nothing to say by its answer.
            Verdict::Charge(_) => {
                let denial = Box::new(Denial::new(&reason::INTERNAL));
                Err(Stop::Deny { policy: member.name.clone(), denial })
            }
        }
    }

    /// Whether there is something that servers ask for and callers do not get to see.
    pub fn withholds_requests(&self) -> bool {
        !self.on_requests_of_servers.is_empty()
    }

    /// Whether a caller may see an item of a list, or be asked for something.
    pub fn shows(&self, request: &Request<'_>, item: &Listed<'_>) -> bool {
        let asked = match item {
            Listed::Request(_) => &self.on_requests_of_servers,
            _ => &self.on_lists,
        };
        asked.iter().all(|member| member.policy.shows(request, item))
    }
}

impl Stop {
    /// What it means for a request of this route. `asked` is what was refused, where it was read.
    pub fn end(self, route: &Route, plan: Option<&Plan>, asked: Option<Answered>) -> End {
        match self {
            Stop::Answer(answer) => End::Reply(Reply::of_policy(*answer)),
            Stop::Deny { mut denial, .. } => {
                // What answers a message of the legacy transport comes over its stream; nobody reads it here.
                denial.is_outcome &= route.announced.is_none();
                let challenged = plan.and_then(Plan::tokens).filter(|_| !denial.scopes.is_empty());
                let needed: Vec<_> = denial.scopes.iter().map(String::as_str).collect();
                let challenge =
                    challenged.and_then(|it| it.insufficient(&route.identifier, &needed).challenge);
                End::Refusal(Refusal::denied(*denial, challenge, asked))
            }
        }
    }
}

/// Which requests of JSON-RPC an answer to a body has to answer; `None` where there are none.
pub fn answered(envelope: &Envelope<'_>) -> Option<Answered> {
    let id = |message: &Message<'_>| match &message.kind {
        Kind::Request { id, .. } => Some(id.literal().to_owned()),
        Kind::Notification { .. } | Kind::Response { .. } => None,
    };
    match envelope {
        Envelope::Single(message) => id(message).map(Answered::One),
        Envelope::Batch(messages) => {
            let ids: Vec<_> = messages.iter().filter_map(id).collect();
            (!ids.is_empty()).then_some(Answered::Batch(ids))
        }
    }
}

#[cfg(test)]
mod tests;
