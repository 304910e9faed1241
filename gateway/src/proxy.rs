//! `impl ProxyHttp`: one request, hook by hook, in the order Pingora calls them. Each hook is a few lines
//! that call a step by name; `docs/life-of-a-request.md` is the same story in prose.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use pingora_core::modules::http::HttpModules;
use pingora_core::protocols::Digest;
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tollgate_plugins::effects::Effects;
use tollgate_protocol::client::Client;

use crate::access_log;
use crate::admit;
use crate::affinity;
use crate::allow;
use crate::answer_head::{self, AnswerHead};
use crate::answer_limits;
use crate::audit;
use crate::canonical;
use crate::config::AuthorizationMode;
use crate::context::{Context, RequestId, Route};
use crate::edge::Edge;
use crate::endpoint::breaker::Failure;
use crate::endpoint::connection::{Asked, Connection};
use crate::endpoint::timeouts::Wait;
use crate::failure;
use crate::hop;
use crate::listener::state::{self, Phase};
use crate::lists;
use crate::message::State;
use crate::metrics;
use crate::protect;
use crate::reason;
use crate::relay::event_stream::LegacyStream;
use crate::relay::well_known::{self, WellKnown};
use crate::relay::{challenge, comments, event_stream, redirect, refused_token};
use crate::request::{self, Decided, Decision};
use crate::respond::{self, End, Refusal, Reply};
use crate::upstream_head;

/// The proxy behind one listener.
pub struct Proxy {
    edge: Arc<Edge>,
    /// Which of the configuration's listeners this is.
    listener: usize,
}

impl Proxy {
    pub fn new(edge: Arc<Edge>, listener: usize) -> Proxy {
        Proxy { edge, listener }
    }

    /// Whose request this is, as far as the listener's proxies are trusted.
    fn client(&self, session: &Session, context: &Context) -> Option<Client> {
        let listener = context.gateway.listeners.get(self.listener)?;
        let peer = session.client_addr()?.as_inet()?.ip();
        Some(listener.trusted_proxies.client(peer, &session.req_header().headers))
    }

    /// After how long an idle connection is closed, on every request and not only after the first.
    fn idle_seconds(&self, context: &Context) -> u64 {
        let limits = context.gateway.listeners.get(self.listener).map(|listener| listener.limits);
        limits.unwrap_or_default().idle_timeout.as_secs()
    }

    fn decide(&self, session: &Session, context: &Context) -> std::result::Result<Decided, Refusal> {
        let listener =
            context.gateway.listeners.get(self.listener).ok_or_else(|| Refusal::new(&reason::INTERNAL))?;
        if let Some(flaw) = state::flaw() {
            return Err(canonical::refusal(flaw));
        }
        request::decide(&context.gateway, listener, session.req_header(), session.as_http1().is_none())
    }

    /// Serves the metadata of a resource: rate, cache, document.
    async fn metadata(
        &self,
        session: &Session,
        context: &Context,
        route: &Route,
    ) -> std::result::Result<Reply, Refusal> {
        self.take_metadata_token(context)?;
        if route.api.mode == AuthorizationMode::Protect {
            let rendered = protect::metadata(route)?;
            return Ok(well_known::reply(&rendered, protect::METADATA_AGE, &session.req_header().headers));
        }
        let document = match self.edge.metadata(&context.gateway, route).await? {
            Ok(Some(document)) => document,
            Ok(None) => return Err(Refusal::new(&reason::UPSTREAM_HAS_NO_METADATA)),
            Err(unavailable) => return Err(Refusal::new(unavailable.reason)),
        };
        let rendered = document.render(&route.identifier).map_err(|failure| Refusal::new(failure.reason))?;
        Ok(well_known::reply(&rendered, document.cache_for, &session.req_header().headers))
    }

    /// Admits the caller, asks whether it may do what it asks for, and chooses the endpoint its request is sent to.
    async fn send(
        &self,
        session: &mut Session,
        context: &mut Context,
        route: Route,
    ) -> std::result::Result<(), End> {
        let route = context.route.insert(route);
        context.admission = Some(admit::caller(session, context.client.as_ref(), route).await?);
        let allowed = allow::request(session, context, &self.edge).await;
        context.is_held_up = allowed.is_err();
        allowed?;
        let (Some(route), Some(admission)) = (&mut context.route, &context.admission) else {
            return Err(Refusal::new(&reason::INTERNAL).into());
        };
        route.withhold(admission);
        let headers = &session.req_header().headers;
        let hop = context.hop.insert(hop::choose(route, headers, context.started).await?);
        // Ahead of any connection: without a token for it, the endpoint hears nothing of the request.
        protect::exchange(&hop.endpoint, &admission.caller, headers).await?;
        Ok(())
    }

    fn take_metadata_token(&self, context: &Context) -> std::result::Result<(), Refusal> {
        let Some(client) = &context.client else { return Ok(()) };
        self.edge.metadata_rate.take(client.address, Instant::now()).map_err(|seconds| Refusal {
            retry_after: Some(seconds),
            ..Refusal::new(&reason::METADATA_RATE_LIMITED)
        })
    }

    /// Writes an answer of the gateway's own and remembers why.
    async fn answer(&self, session: &mut Session, context: &mut Context, reply: Reply) -> Result<bool> {
        context.reason = reply.reason;
        let reply = match &context.web_origin {
            Some(page) => page.expose_reply(reply),
            None => reply,
        };
        let reply = reply.edit(&context.effects.response_fields);
        respond::forget_fields(session);
        // Only the client can make this fail.
        reply.write(session).await.map_err(|error| error.into_down())?;
        Ok(true)
    }
}

/// As Pingora finds, by fewer looks at the fields.
fn has_body(session: &mut Session) -> bool {
    if session.as_http1().is_none() {
        return !session.is_body_empty();
    }
    let fields = &session.req_header().headers;
    fields.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
        || fields.contains_key(header::TRANSFER_ENCODING)
}

#[async_trait]
impl ProxyHttp for Proxy {
    /// Boxed, since Pingora moves it through several futures.
    type CTX = Box<Context>;

    fn new_ctx(&self) -> Box<Context> {
        Box::new(Context {
            gateway: self.edge.gateway.load_full(),
            request_id: RequestId::next(),
            started: Instant::now(),
            client: None,
            route: None,
            admission: None,
            message: State::default(),
            has_body: false,
            body_passed: 0,
            call: None,
            effects: Effects::default(),
            is_held_up: false,
            refused_by: None,
            hop: None,
            tried: Vec::new(),
            web_origin: None,
            connected_at: None,
            wait: None,
            upstream_status: None,
            reason: None,
            end: None,
            head: AnswerHead::default(),
            legacy_stream: None,
            measured: None,
            lists: None,
            commented: None,
            in_flight: self.edge.in_flight.enter(),
        })
    }

    /// No modules: Pingora's default one would compress event streams and stall them.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, context: &mut Box<Context>) -> Result<()> {
        context.has_body = has_body(session);
        state::enter(if context.has_body { Phase::Body } else { Phase::Answer });
        context.client = self.client(session, context);
        // Pingora sets an infinite keep-alive with each request that allows one.
        let lasting = session.get_keepalive().is_some() && state::flaw().is_none();
        session.set_keepalive(lasting.then(|| self.idle_seconds(context)));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, context: &mut Box<Context>) -> Result<bool> {
        let answer: std::result::Result<Reply, End> = match self.decide(session, context) {
            Ok(Decided { web_origin, decision }) => {
                context.web_origin = web_origin;
                match decision {
                    Decision::Relay(route) => match self.send(session, context, route).await {
                        Ok(()) => return Ok(false),
                        Err(end) => Err(end),
                    },
                    Decision::Reply(reply) => Ok(reply),
                    Decision::Refuse(refusal) => Err(refusal.into()),
                    Decision::Metadata(route) => {
                        let answer = Box::pin(self.metadata(session, context, &route)).await;
                        context.route = Some(route);
                        answer.map_err(End::from)
                    }
                }
            }
            Err(refusal) => Err(refusal.into()),
        };
        let reply = answer.unwrap_or_else(|end| {
            let reply = end.reply(session.req_header(), &context.request_id.to_string());
            match WellKnown::of(&access_log::path_of(session.req_header().raw_path())) {
                Some(_) => well_known::public(reply),
                None => reply,
            }
        });
        self.answer(session, context, reply).await
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        context: &mut Box<Context>,
    ) -> Result<()> {
        // Pingora writes an empty piece as a chunk of no bytes, which ends the body, and then its end once more.
        if end_of_stream && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        if let Some(wait) = &context.wait {
            wait.progressed();
        }
        if end_of_stream {
            state::enter(Phase::Answer);
        }
        if let Err(end) = allow::body(session.req_header(), context, body, end_of_stream).await {
            context.is_held_up = true;
            return Err(failure::ended_with(&mut context.end, end));
        }
        Ok(())
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        context: &mut Box<Context>,
    ) -> Result<Box<HttpPeer>> {
        loop {
            let hop = context.hop.as_ref().ok_or_else(failure::no_route)?;
            if let Some(mut peer) = hop.endpoint.peer() {
                if hop.endpoint.settings.http2 {
                    let is_stream = session.req_header().method == http::Method::GET;
                    peer.options.read_timeout = hop.endpoint.settings.timeouts.each_read(is_stream);
                }
                return Ok(peer);
            }
            if !context.fail_over(Failure::Unreachable) {
                context.end.get_or_insert_with(|| Refusal::new(&reason::UPSTREAM_UNRESOLVED).into());
                let what = "the endpoint's name was never resolved";
                return Err(Error::explain(ErrorType::ConnectNoRoute, what));
            }
        }
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        _: &HttpPeer,
        context: &mut Box<Context>,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if let Some(counts) = context.endpoint_counts() {
            counts.not_connected();
        }
        // Nothing was sent yet, so the next address or endpoint may be tried whatever the method.
        error.set_retry(context.try_next_address() || context.fail_over(Failure::Unreachable));
        error
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        context: &mut Box<Context>,
        _: bool,
    ) -> Box<Error> {
        // Nothing was sent on it, so this is no failure and any request may have another.
        if failure::is_unusable_connection(&error) {
            error.set_retry(true);
            return error;
        }
        let whole_request_is_kept = !session.as_ref().retry_buffer_truncated();
        if failure::is_closed_by_upstream(&error)
            && context.upstream_status.is_none()
            && whole_request_is_kept
            && context.wait.as_ref().is_some_and(|wait| !wait.is_over() && wait.has_sent_nothing())
        {
            error.set_retry(true);
            return error;
        }
        if failure::is_unpinned_certificate(&error) {
            error.set_retry(context.fail_over(Failure::Unreachable));
            return error;
        }
        let retry = failure::is_broken_off_by_upstream(&error)
            && context.upstream_status.is_none()
            && !context.is_over();
        // A byte of the request may have left: only what may be done twice is sent again.
        let repeatable = session.req_header().method.is_idempotent() && whole_request_is_kept;
        error.set_retry(retry && repeatable && context.fail_over(Failure::Silent));
        error
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        reused: bool,
        _: &HttpPeer,
        _: RawFd,
        digest: Option<&Digest>,
        context: &mut Box<Context>,
    ) -> Result<()> {
        let now = Instant::now();
        let connection = Connection::of(digest);
        // Pingora says so of those that requests share, and knows nothing of those the gateway keeps.
        let reused = reused || connection.as_ref().is_some_and(|connection| connection.is_used());
        context.connected(reused, now);
        // That of an earlier try was on another connection.
        context.wait = None;
        let hop = context.hop.as_ref().ok_or_else(failure::no_route)?;
        if !reused {
            hop.endpoint.connected();
        }
        let settings = &hop.endpoint.settings;
        if !settings.tls.accepts(digest.and_then(|digest| digest.ssl_digest.as_deref())) {
            return Err(failure::unpinned_certificate());
        }
        let Some(connection) = connection else { return Ok(()) };
        // Requests that share a connection cannot be given a deadline each; `upstream_peer` bounds their reads.
        if settings.http2 {
            return Ok(());
        }
        // A client that waits for a word before it sends the body gets it from the server, which has to have the head.
        let body_follows = context.has_body && !session.req_header().headers.contains_key(header::EXPECT);
        let is_head = session.req_header().method == http::Method::HEAD;
        connection.ask(Asked { is_head }, body_follows);
        let wait = Wait::begin(connection, settings, reused, now);
        context.wait = Some(wait.ok_or_else(failure::unusable_connection)?);
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        context: &mut Box<Context>,
    ) -> Result<()> {
        let (Some(route), Some(hop), Some(admission)) = (&context.route, &context.hop, &context.admission)
        else {
            return Err(failure::no_route());
        };
        let headers = &session.req_header().headers;
        let exchanged = protect::exchange(&hop.endpoint, &admission.caller, headers).await;
        let exchanged = exchanged.map_err(|refusal| failure::ended_with(&mut context.end, refusal))?;
        let writer = context.wait.as_ref().map(Wait::connection);
        upstream_head::prepare(route, hop, context.client.as_ref(), writer, request)?;
        upstream_head::withhold(route, Some(admission), request);
        // It may be another time, and then what has come of the body comes again.
        context.message.begin_again();
        context.body_passed = 0;
        for edit in &context.effects.request_fields {
            upstream_head::edit(request, edit)?;
        }
        // Behind them: no policy stands in for the gateway's own credential.
        let awaited = exchanged.is_some();
        protect::authenticate(route, &hop.endpoint, exchanged, request)?;
        if lists::may_come(session.req_header(), context) {
            lists::ask_plainly(request);
        }
        if context.message.has_asked_for_it() {
            // The client was told to go on.
            request.remove_header(&header::EXPECT);
        }
        // As late as can be: a server closes connections whenever it likes.
        match context.wait.as_mut().is_none_or(|wait| wait.may_send(awaited)) {
            true => Ok(()),
            false => Err(failure::unusable_connection()),
        }
    }

    async fn upstream_response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        context: &mut Box<Context>,
    ) -> Result<()> {
        let head = AnswerHead::read(response)?;
        if !response.status.is_informational() {
            context.answered(response.status.as_u16());
            if let Some(wait) = &mut context.wait {
                wait.answered(head.is_event_stream);
            }
        }
        head.strip(response);
        context.head = head;
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        context: &mut Box<Context>,
    ) -> Result<()> {
        if response.status.is_informational() {
            return Ok(());
        }
        let (Some(route), Some(hop)) = (&context.route, &context.hop) else {
            return Err(failure::no_route());
        };
        let followed = affinity::answered(route, hop, session.req_header(), response);
        let passed = match route.api.mode {
            AuthorizationMode::Relay if context.head.may_challenge(response) => {
                refused_token::diagnose(route, hop, session.req_header(), response);
                let source = || self.edge.source(&context.gateway, route, &hop.endpoint);
                challenge::relay(&hop.endpoint, route, response, source).await
            }
            AuthorizationMode::Relay => Ok(()),
            AuthorizationMode::Protect => {
                protect::answer(route, &hop.endpoint, &session.req_header().headers, response)
            }
        };
        if let Err(refusal) = followed.and(passed) {
            return Err(failure::ended_with(&mut context.end, refusal));
        }
        if context.head.points_somewhere {
            redirect::relay(route, hop, response);
        }
        if let Some(page) = &context.web_origin {
            page.expose(response)?;
        }
        if context.head.is_event_stream {
            event_stream::never_buffer(response)?;
            if session.req_header().method == http::Method::GET && response.status == StatusCode::OK {
                context.legacy_stream = LegacyStream::watch(route, hop).map(Box::new);
            }
        }
        match answer_limits::begin(context.effects.answer_limits, context.head.is_event_stream, response) {
            Ok(measured) => context.measured = measured,
            Err(refusal) => return Err(failure::ended_with(&mut context.end, refusal)),
        }
        match lists::begin(session.req_header(), response, context, &self.edge.buffers) {
            Ok(lists) => context.lists = lists,
            Err(refusal) => return Err(failure::ended_with(&mut context.end, refusal)),
        }
        // No other head comes after this one.
        for edit in std::mem::take(&mut context.effects.response_fields) {
            answer_head::edit(response, edit)?;
        }
        answer_head::suit_version(session, response);
        context.commented = comments::begin(&route.api, session.req_header(), response);
        Ok(())
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        context: &mut Box<Context>,
    ) -> Result<Option<Duration>> {
        if let Some(wait) = &context.wait {
            if wait.is_over() {
                return Err(failure::took_too_long());
            }
            wait.progressed();
        }
        if let Some(stream) = context.legacy_stream.as_mut()
            && let Err(refusal) = stream.relay(body, end_of_stream)
        {
            context.reason = Some(refusal.reason.slug);
            return Err(Error::explain(ErrorType::InvalidHTTPHeader, "the event stream was not relayed"));
        }
        if let (Some(measured), Some(piece)) = (&mut context.measured, body.as_ref())
            && let Err(refusal) = measured.pass(piece)
        {
            context.reason = Some(refusal.reason.slug);
            // For a client that has nothing of the answer yet.
            return Err(failure::ended_with(&mut context.end, refusal));
        }
        if let Err(refusal) = lists::relay(session.req_header(), context, body, end_of_stream) {
            context.reason = Some(refusal.reason.slug);
            // For a client that has nothing of the answer yet.
            return Err(failure::ended_with(&mut context.end, refusal));
        }
        if let Some(stream) = context.commented.as_mut() {
            comments::follow(stream, body.as_ref(), end_of_stream);
        }
        Ok(None)
    }

    /// The access log counts the endpoints that were tried.
    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Box<Context>,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    fn request_summary(&self, session: &Session, context: &Box<Context>) -> String {
        let request = session.req_header();
        format!("{} {} {}", context.request_id, request.method, access_log::path_of(request.raw_path()))
    }

    /// The access log has a line for every request, with the reason; Pingora's would say it twice.
    fn suppress_error_log(&self, _: &Session, _: &Box<Context>, _: &Error) -> bool {
        true
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Box<Context>,
    ) -> FailToProxy {
        let end = context.end.take().unwrap_or_else(|| match context.is_over() {
            true => Refusal::new(&reason::UPSTREAM_TIMEOUT).into(),
            false => Refusal::new(failure::reason_of(error)).into(),
        });
        if failure::is_the_upstreams(error) && context.upstream_status.is_none() {
            context.not_answered(failure::kind_of(error));
        }
        if let End::Refusal(refusal) = &end {
            failure::log(error, refusal, context);
        }
        let is_gone = end.reason() == Some(reason::CLIENT_CLOSED.slug);
        context.reason = context.reason.or(end.reason());
        let mut reply = end.reply(session.req_header(), &context.request_id.to_string());
        let status = reply.status;
        // Once a head is out there is nothing left to say but to close; and a client that is gone hears nothing.
        if respond::may_begin(session) && !is_gone {
            if let Some(page) = &context.web_origin {
                reply = page.expose_reply(reply);
            }
            reply = reply.edit(&context.effects.response_fields);
            session.set_keepalive(None);
            // The client may be gone by now; the log line is written either way.
            let _ = reply.write(session).await;
        }
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, failure: Option<&Error>, context: &mut Box<Context>) {
        // Before the line that says so: what the stream had announced is closed with it.
        context.legacy_stream = None;
        access_log::record(session, context, failure);
        audit::record(session, context);
        state::comment(None);
        metrics::record(session, context, self.listener);
        state::enter(Phase::Idle);
    }
}
