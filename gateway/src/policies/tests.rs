//! What becomes of a policy that has a shared store asked, and what outlives a reload.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use http::HeaderMap;
use tollgate_plugins::limiter::{Counted, Taken};
use tollgate_plugins::policy::Charge;
use tollgate_plugins::request::Caller;

use super::*;
use crate::config;
use crate::gateway::Gateway;

/// A store that says of every window that so many were used, or nothing, and notes what it is asked.
#[derive(Debug)]
struct Says {
    used: Option<u64>,
    asked: Mutex<Vec<String>>,
}

impl Says {
    fn new(used: Option<u64>) -> Arc<Says> {
        Arc::new(Says { used, asked: Mutex::default() })
    }
}

#[async_trait]
impl Store for Says {
    async fn take(&self, charge: &Charge) -> Option<Taken> {
        self.asked.lock().unwrap().push(charge.key.clone());
        let counted = Counted { used: self.used?, ends_in: std::time::Duration::from_secs(30) };
        Some(charge.windows.judge(&[counted], charge.cost))
    }
}

const ADDRESS: &str = "127.0.0.1:8080";

/// With a limit at each of the places a policy can have, and a store in this port.
fn configuration(port: u16, requests: u64) -> config::Config {
    let policies = format!(
        "policies: [{{ rate_limit: {{ by: address, windows: [{{ requests: {requests}, per: 30d }}] }} }}]"
    );
    let text = format!(
        "listeners: [{{ address: {ADDRESS} }}]\n{policies}\n\
         stores: {{ limits: {{ redis: {{ url: \"redis://127.0.0.1:{port}\", on_failure: closed }} }} }}\n\
         apis:\n- name: crm\n  path: /crm/mcp\n  endpoints: [http://127.0.0.1:9/mcp]\n  {policies}\n\
         \x20 plans: [{{ name: free, keyless: {{}}, {policies} }}]\n"
    );
    let loaded = config::load_text(&text, "test", Path::new(""));
    loaded.unwrap_or_else(|report| panic!("{report}")).config
}

fn build(config: &config::Config, running: Option<&Gateway>) -> Gateway {
    let bound: SocketAddr = ADDRESS.parse().unwrap();
    config::build::build(config, &[bound], running).unwrap()
}

/// What a chain does with a request.
async fn asked(chain: &Chain) -> Result<(), &'static str> {
    let (headers, client) = (HeaderMap::new(), Some("192.0.2.1".parse().unwrap()));
    let (method, host, path, caller) = ("POST", "localhost", "/crm/mcp", Some(Caller::default()));
    let request = Request { method, host, path, headers: &headers, client, api: "crm", caller, now: 0 };
    match chain.head(&request, &mut Effects::default()).await {
        Ok(()) => Ok(()),
        Err(Stop::Deny { denial, .. }) => Err(denial.reason.slug),
        Err(Stop::Answer(answer)) => panic!("{answer:?}"),
    }
}

/// The policies of the only plan, as they run without the store of the configuration.
fn chain(gateway: &Gateway, store: Arc<Says>) -> Chain {
    let plan = &gateway.apis[0].plans[0];
    Chain { limits: Some(store), on_head: plan.policies.on_head.clone(), ..Chain::default() }
}

#[tokio::test]
async fn what_the_shared_store_says_decides_and_each_limit_has_its_own_key() {
    let gateway = build(&configuration(1, 5), None);
    let store = Says::new(Some(4));
    assert_eq!(asked(&chain(&gateway, store.clone())).await, Ok(()));
    let keys = store.asked.lock().unwrap().clone();
    let places = ["%2Frate_limit", "crm%2Frate_limit", "crm%2Ffree%2Frate_limit"];
    assert_eq!(keys, places.map(|place| format!("limit={place},address=192.0.2.1")));
    assert_eq!(asked(&chain(&gateway, Says::new(Some(5)))).await, Err("rate_limited"));
    assert_eq!(asked(&chain(&gateway, Says::new(None))).await, Err("limits_unavailable"));
}

#[tokio::test]
async fn a_plan_asks_the_store_of_its_configuration() {
    let gateway = build(&configuration(1, 5), None);
    // Nobody listens there.
    assert_eq!(asked(&gateway.apis[0].plans[0].policies).await, Err("limits_unavailable"));
}

#[test]
fn a_reload_keeps_the_store_unless_its_settings_change() {
    let before = build(&configuration(1, 5), None);
    let store = |gateway: &Gateway| Arc::as_ptr(gateway.limits.as_ref().unwrap());
    assert_eq!(store(&build(&configuration(1, 6), Some(&before))), store(&before));
    assert_ne!(store(&build(&configuration(2, 5), Some(&before))), store(&before));
    let none = config::Config { limits: None, ..configuration(1, 5) };
    assert!(build(&none, Some(&before)).limits.is_none());
}
