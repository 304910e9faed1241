//! What the snapshot of the configuration and the process look like at the moment somebody asks.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::UNROUTED;
use super::counts::{EndpointCounts, RequestCounts};
use super::families::Families;
use crate::affinity::Affinity;
use crate::edge::Edge;
use crate::endpoint::capacity::Capacity;
use crate::endpoint::{Endpoint, connection};
use crate::gateway::{Api, Gateway};

/// Stands for the API of a request that was for none, and for the plan of one that none has let in.
const NONE: &str = "-";

/// One snapshot, written family by family.
pub struct Present {
    edge: Arc<Edge>,
    gateway: Arc<Gateway>,
}

impl fmt::Debug for Present {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Present").field("generation", &self.gateway.generation).finish_non_exhaustive()
    }
}

impl Collector for Present {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut Families(encoder);
        self.process(out)?;
        self.listeners(out)?;
        self.requests(out)?;
        self.apis(out)?;
        self.endpoint_counts(out)?;
        self.endpoint_states(out)
    }
}

impl Present {
    pub fn of(edge: Arc<Edge>) -> Present {
        let gateway = edge.gateway.load_full();
        Present { edge, gateway }
    }

    fn process(&self, out: &mut Families<'_>) -> fmt::Result {
        let generation = self.gateway.generation;
        out.gauge("config_generation", "The configuration that serves, counted from 1")?
            .alone(&generation)?;
        let in_flight = self.edge.in_flight.count();
        out.gauge("http_requests_in_flight", "Requests and streams under way")?.alone(&in_flight)?;
        let held = self.edge.buffers.held();
        let help = "Bytes of messages and lists that are held until they were read";
        out.begin(MetricType::Gauge, "message_buffer", help, Some(&Unit::Bytes))?.alone(&held)?;
        if let Some(limits) = &self.gateway.limits {
            let up = u64::from(limits.is_connected());
            out.gauge("limits_store_up", "Whether the store of limits is connected to")?.alone(&up)?;
        }
        let open = connection::count_open();
        out.gauge("upstream_connections_open", "Connections to endpoints, idle ones included")?.alone(&open)
    }

    fn listeners(&self, out: &mut Families<'_>) -> fmt::Result {
        let listeners = &self.gateway.listeners;
        let mut accepted = out.counter("connections_accepted", "Connections of clients that were taken")?;
        for listener in listeners {
            accepted.count(&[("listener", &listener.name)], listener.counts.accepted.get())?;
        }
        let mut open = out.gauge("connections_open", "Connections of clients that are open")?;
        for listener in listeners {
            open.value(&[("listener", &listener.name)], &listener.counts.open.get())?;
        }
        let help = "When a certificate expires, since 1970";
        let mut expiry = out.begin(MetricType::Gauge, "cert_expiry_timestamp", help, Some(&Unit::Seconds))?;
        for listener in listeners {
            for (index, certificate) in listener.expiries.iter().enumerate() {
                let index = format!("certificates[{index}]");
                let name = certificate.name.as_deref().unwrap_or(NONE);
                let labels = [("listener", listener.name.as_str()), ("certificate", &index), ("name", name)];
                expiry.value(&labels, &certificate.at)?;
            }
        }
        Ok(())
    }

    /// Those for no API first.
    fn all_requests(&self) -> impl Iterator<Item = (&str, &RequestCounts)> {
        std::iter::once((NONE, &*UNROUTED)).chain(self.gateway.apis.iter().map(requests_of))
    }

    fn requests(&self, out: &mut Families<'_>) -> fmt::Result {
        let mut ended = out.counter("http_requests", "Requests that have ended, by what the client got")?;
        for (api, counts) in self.all_requests() {
            for (outcome, count) in counts.outcomes.all() {
                let listener = self.gateway.listeners.get(outcome.listener);
                let listener = listener.map_or(NONE, |listener| listener.name.as_str());
                let code = outcome.code.to_string();
                let labels = [
                    ("listener", listener),
                    ("api", api),
                    ("plan", outcome.plan.as_deref().unwrap_or(NONE)),
                    ("method", outcome.method),
                    ("code", &code),
                ];
                ended.count(&labels, count)?;
            }
        }
        let help = "From the head of a request to the last byte of its answer";
        let mut duration =
            out.begin(MetricType::Histogram, "http_request_duration", help, Some(&Unit::Seconds))?;
        for (api, counts) in self.all_requests() {
            duration.histogram(&[("api", api)], &counts.duration)?;
        }
        let help = "Of the bodies of requests that have ended, as far as they were read";
        let mut bytes = out.begin(MetricType::Counter, "http_request_body", help, Some(&Unit::Bytes))?;
        for (api, counts) in self.all_requests() {
            bytes.count(&[("api", api)], counts.request_bytes.get())?;
        }
        let help = "Of the bodies of their answers, as far as they were sent";
        let mut bytes = out.begin(MetricType::Counter, "http_response_body", help, Some(&Unit::Bytes))?;
        for (api, counts) in self.all_requests() {
            bytes.count(&[("api", api)], counts.response_bytes.get())?;
        }
        Ok(())
    }

    fn apis(&self, out: &mut Families<'_>) -> fmt::Result {
        let apis = &self.gateway.apis;
        let mut retries = out.counter("upstream_retries", "Requests that were given to another endpoint")?;
        for api in apis {
            retries.count(&[("api", &api.name)], api.counts.requests.retries.get())?;
        }
        let help =
            "Requests for which there was no place at an endpoint, nor one in its queue, or not in time";
        let mut overloaded = out.counter("upstream_overloaded", help)?;
        for api in apis {
            overloaded.count(&[("api", &api.name)], api.counts.requests.overloaded.get())?;
        }
        let help = "Messages that were read, by their method and what became of them";
        let mut messages = out.counter("messages", help)?;
        for api in apis {
            for ((method, outcome), count) in api.counts.requests.messages.all() {
                messages.count(&[("api", &api.name), ("method", method), ("outcome", outcome)], count)?;
            }
        }
        self.tool_calls(out)?;
        let help = "Searches for the metadata of an upstream, by what was found";
        let mut fetches = out.counter("metadata_fetches", help)?;
        for api in apis {
            for (outcome, count) in api.counts.requests.metadata_fetches.all() {
                fetches.count(&[("api", &api.name), ("outcome", outcome)], count)?;
            }
        }
        let mut sessions = out.gauge("sessions", "MCP sessions whose endpoint is remembered")?;
        for api in apis {
            if let Affinity::Learnt(known) = &api.endpoints.affinity {
                sessions.value(&[("api", &api.name)], &known.count())?;
            }
        }
        Ok(())
    }

    fn tool_calls(&self, out: &mut Families<'_>) -> fmt::Result {
        let help = "Calls of tools that were read, by the tool and what became of them";
        let mut calls = out.counter("tool_calls", help)?;
        for api in &self.gateway.apis {
            api.tools.each(|tool, of_tool| {
                for (outcome, counter) in [("passed", &of_tool.passed), ("refused", &of_tool.refused)] {
                    let labels = [("api", api.name.as_str()), ("tool", tool), ("outcome", outcome)];
                    if counter.get() > 0 {
                        calls.count(&labels, counter.get())?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn endpoints(&self) -> impl Iterator<Item = ([(&str, &str); 2], &Endpoint, &EndpointCounts)> {
        self.gateway.apis.iter().flat_map(|api| {
            let endpoints = api.endpoints.all().zip(&api.counts.endpoints);
            endpoints.map(|(endpoint, counts)| {
                let labels = [("api", api.name.as_str()), ("endpoint", counts.label.as_str())];
                (labels, &**endpoint, &**counts)
            })
        })
    }

    fn endpoint_counts(&self, out: &mut Families<'_>) -> fmt::Result {
        let mut requests =
            out.counter("upstream_requests", "Requests to an endpoint, by what it answered")?;
        for ([api, endpoint], _, counts) in self.endpoints() {
            for (code, count) in counts.requests.all() {
                requests.count(&[api, endpoint, ("code", &code.to_string())], count)?;
            }
        }
        let help = "From the connection for a request to the head of its answer";
        let mut first_byte =
            out.begin(MetricType::Histogram, "upstream_first_byte", help, Some(&Unit::Seconds))?;
        for (labels, _, counts) in self.endpoints() {
            first_byte.histogram(&labels, &counts.first_byte)?;
        }
        let help = "Connections for requests: new ones, ones from the pool, and ones that could not be made";
        let mut connections = out.counter("upstream_connections", help)?;
        for ([api, endpoint], _, counts) in self.endpoints() {
            let outcomes = [
                ("new", &counts.connections_new),
                ("reused", &counts.connections_reused),
                ("failed", &counts.connections_failed),
            ];
            for (outcome, counter) in outcomes {
                connections.count(&[api, endpoint, ("outcome", outcome)], counter.get())?;
            }
        }
        let mut ejections = out.counter("endpoint_ejections", "How often it failed too often")?;
        for (labels, _, counts) in self.endpoints() {
            ejections.count(&labels, counts.ejections.get())?;
        }
        Ok(())
    }

    fn endpoint_states(&self, out: &mut Families<'_>) -> fmt::Result {
        let mut in_flight =
            out.gauge("upstream_requests_in_flight", "Requests and streams at an endpoint")?;
        for (labels, endpoint, _) in self.endpoints() {
            in_flight.value(&labels, &endpoint.in_flight())?;
        }
        let mut waiting = out.gauge("upstream_queue_waiting", "Requests that wait for a place")?;
        for (labels, endpoint, _) in self.endpoints() {
            waiting.value(&labels, &endpoint.capacity.as_ref().map_or(0, Capacity::waiting))?;
        }
        let mut healthy = out.gauge("endpoint_healthy", "1 unless health checks have failed")?;
        for (labels, endpoint, _) in self.endpoints() {
            healthy.value(&labels, &u32::from(endpoint.health.is_healthy()))?;
        }
        let mut ejected =
            out.gauge("endpoint_ejected", "1 while it gets no requests because some have failed")?;
        for (labels, endpoint, _) in self.endpoints() {
            ejected.value(&labels, &u32::from(endpoint.breaker.is_ejected()))?;
        }
        Ok(())
    }
}

fn requests_of(api: &Arc<Api>) -> (&str, &RequestCounts) {
    (&api.name, &api.counts.requests)
}
