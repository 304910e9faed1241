//! The records of `audit` policies: made when a request has ended, and written to where each policy says.
//!
//! A record is lost, and counted, rather than that a request waits for a disk; and a request is answered although its
//! record cannot be written.

mod file;
mod files;
mod line;

use std::path::Path;
use std::sync::Arc;

use once_cell::sync::Lazy;
use pingora_proxy::Session;
use prometheus_client::metrics::counter::Counter;
use tollgate_plugins::audit::{Record, Sink, Target};

use self::files::FILES;
use crate::context::Context;
use crate::log_output;
use crate::logging;
use crate::plan::caller::Caller;

static DROPPED: Lazy<Counter> = Lazy::new(Counter::default);

/// How many records were lost, wherever they were to go.
pub fn dropped() -> Counter {
    DROPPED.clone()
}

/// Writes the records of a request that has ended.
pub fn record(session: &Session, context: &Context) {
    let (Some(route), Some(plan), false) =
        (&context.route, context.plan(), context.effects.audited.is_empty())
    else {
        return;
    };
    let request_id = context.request_id.to_string();
    let caller = context.admission.as_ref().map(|admission| &admission.caller);
    let (policy, rule) =
        context.refused_by.as_ref().map(|(policy, rule)| (&**policy, rule.as_deref())).unzip();
    let record = Record {
        request_id: &request_id,
        api: &route.api.name,
        plan: &plan.name,
        consumer: caller.and_then(|caller| caller.consumer.as_ref()).map(|consumer| &*consumer.name),
        key: caller.and_then(|caller| caller.key.as_deref()),
        subject: caller.and_then(Caller::subject),
        client_id: caller.and_then(Caller::client_id),
        client: context.client.as_ref().map(|client| client.address),
        is_denied: context.is_held_up && context.reason.is_some(),
        reason: context.reason,
        policy,
        rule: rule.flatten(),
        status: session.response_written().map_or(0, |response| response.status.as_u16()),
        upstream_status: context.upstream_status,
        duration: context.started.elapsed(),
        ..Record::default()
    };
    context.effects.audited.iter().for_each(|audited| audited.write(&record));
}

/// What writes to a target.
///
/// # Errors
/// When it is a file that cannot be written.
pub fn sink(target: &Target) -> Result<Arc<dyn Sink>, String> {
    match target {
        Target::Stdout => Ok(Arc::new(Stdout)),
        Target::File(path) => {
            let file = FILES.open(path).map_err(|error| cannot_write(path, &error))?;
            Ok(file)
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write to {}: {error}", path.display())
}

/// Opens the files anew: what they were may have been renamed.
pub fn reopen() {
    FILES.reopen();
}

/// Writes out what is queued; called before the process ends, and before that of the log.
pub fn flush() {
    FILES.flush();
}

/// Among the lines of the log, in their format, but whatever their level.
#[derive(Debug)]
struct Stdout;

impl Sink for Stdout {
    fn write(&self, record: &Record<'_>) {
        if !log_output::put(line::of(record, logging::current_format())) {
            DROPPED.inc();
        }
    }
}
