//! What several gateways share, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_plugins::policy::OnFailure;

use crate::config::text::{Duration, FilePath, RedisUrl, Reference, Words};

/// What several gateways share.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `limits`")]
pub struct Stores {
    /// Where the requests are counted that policies limit. Without it each gateway counts for itself.
    pub limits: Option<LimitsStore>,
}

/// Where several gateways count together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `redis`")]
pub struct LimitsStore {
    /// A server of Redis or Valkey. All gateways of one configuration share one; others use another, or another database.
    pub redis: RedisStore,
}

/// A server of Redis or Valkey, of version 6 or newer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `url`")]
pub struct RedisStore {
    /// Where it is: `redis://` or, with TLS, `rediss://`, a host, perhaps a port (6379 otherwise) and the number of a database.
    pub url: RedisUrl,

    /// As whom the gateway logs in. Without it, as the default user.
    pub username: Option<Words>,

    /// Where its password is: `${file:PATH}` or `${NAME}`.
    pub password: Option<Reference>,

    /// A PEM file with the certificates of the authorities to trust, in place of those of the platform. A relative
    /// path starts at the folder of this file.
    pub ca: Option<FilePath>,

    /// How long a request waits for it at most. At most `1s`.
    #[schemars(extend("default" = "5ms"))]
    pub timeout: Option<Duration>,

    /// What is done with a request when it does not answer in time: `local`, each gateway counts for itself; `open`, it
    /// goes on; `closed`, it is refused by status 503.
    #[serde(default)]
    #[schemars(extend("default" = "local"))]
    pub on_failure: OnFailure,
}
