//! How long an idle connection is kept: a bound on every request, not only on the first (Pingora's own is
//! infinite from the second on).

use std::time::Duration;

use crate::support::tollgate::{Tollgate, api, config};

/// Above the gateway's 60 s by what a busy machine may add.
const LONG: Duration = Duration::from_secs(90);

#[test]
fn an_idle_connection_is_closed_after_later_requests_too() {
    let gateway = Tollgate::start(&config(&api("a", "/a", "http://127.0.0.1:9/")));
    let mut connection = gateway.connect();
    for _ in 0..2 {
        assert_eq!(connection.get("/nothing-here").status, 404, "the connection is alive");
    }
    assert!(connection.closes_within(LONG));
}
