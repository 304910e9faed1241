//! What callers may do.

use std::net::SocketAddr;

use super::relay::{plain, relayed_call};
use crate::contestant::{Contestant, gateway};
use crate::lab::Lab;
use crate::parts::load::exchange::{Content, Exchange, Expect, Request};
use crate::parts::messages;
use crate::targets::Setup;
use crate::targets::tollgate::{observed, plans};

pub fn policies(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let own = Setup::Own(plans(lab));
    let all = [
        plain(lab, &own),
        gateway(lab, "tollgate, mcp_acl", &own, |host| Ok(Exchange::call(host, "/acl", ""))),
        gateway(lab, "tollgate, mcp_acl with a condition", &own, |host| {
            Ok(Exchange::call(host, "/condition", ""))
        }),
        gateway(lab, "tollgate, concurrency", &own, |host| Ok(Exchange::call(host, "/concurrency", ""))),
        gateway(lab, "tollgate, observe", &Setup::Own(observed(lab)), |host| Ok(relayed_call(host))),
        gateway(lab, "tollgate, audit", &own, |host| Ok(Exchange::call(host, "/audit", ""))),
        gateway(lab, "tollgate, list", &own, |host| Ok(list(host, "/open", Content::Is(messages::listed())))),
        gateway(lab, "tollgate, list without some", &own, |host| {
            Ok(list(host, "/acl", Content::Lacks("delete_".to_owned())))
        }),
    ];
    Ok(all.into_iter().flatten().collect())
}

fn list(host: SocketAddr, path: &str, body: Content) -> Exchange {
    Exchange::new(Request::post(host, path, "", &messages::list()), Expect { body, ..Expect::status(200) })
}
