//! The kinds of text a configuration holds. Each knows what it is called in an error and how a schema describes it;
//! what it may hold is decided in `check`, where an error can say what to write instead.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Declares one kind of text: its name, what an error says was expected, its JSON Schema.
macro_rules! kinds_of_text {
    ($($(#[$doc:meta])* $kind:ident: $expected:literal, $schema:tt;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $kind(String);

        impl $kind {
            /// The text as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $kind {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor($expected)).map(Self)
            }
        }

        impl JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

kinds_of_text! {
    /// The name of a listener, API, endpoint or plan.
    Name: "a name such as `github`", { "type": "string", "pattern": "^([a-z0-9]|[a-z0-9-]{2,64})$" };

    /// Words for people.
    Words: "text", { "type": "string", "minLength": 1 };

    /// An IP address and a port.
    Address: "an address such as `127.0.0.1:8080`", {
        "type": "string",
        "pattern": r"^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$"
    };

    /// An IP address, or a network in CIDR notation.
    Network: "an IP address or network such as `10.0.0.0/8`", {
        "type": "string",
        "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
    };

    /// The IP address of a DNS server, and perhaps a port.
    DnsServer: "the IP address of a DNS server such as `10.0.0.53`", {
        "type": "string",
        "pattern": r"^([0-9.]+(:[0-9]{1,5})?|[0-9a-fA-F:.]+|\[[0-9a-fA-F:.]+\]:[0-9]{1,5})$"
    };

    /// A scheme, a host and perhaps a port (RFC 6454).
    Origin: "an origin such as `https://edge.example.com`", {
        "type": "string",
        "format": "uri",
        "pattern": r"^[hH][tT][tT][pP][sS]?://[^/?#@\s]+/?$"
    };

    /// A host name or IP address, without a port.
    Host: "a host name such as `edge.example.com`", { "type": "string", "pattern": r"^[^/?#@\s]+$" };

    /// The path of an API.
    Path: "a path such as `/github/mcp`", { "type": "string", "pattern": r"^/[^?#\s\\]*$" };

    /// An `http` or `https` URL.
    Url: "a URL such as `https://mcp.example.com/mcp`", {
        "type": "string",
        "format": "uri",
        "pattern": r"^[hH][tT][tT][pP][sS]?://[^#\s]+$"
    };

    /// The URL of a Redis server.
    RedisUrl: "a URL such as `redis://127.0.0.1:6379`", {
        "type": "string",
        "pattern": r"^rediss?://[^?#@\s]+$"
    };

    /// A length of time.
    Duration: "a duration such as `500ms`, `30s`, `5m` or `1h`", {
        "type": "string",
        "pattern": "^[0-9]+(ms|s|m|h)$"
    };

    /// A length of time that may be counted in days.
    Period: "a duration such as `1s`, `1m`, `1h` or `30d`", {
        "type": "string",
        "pattern": "^[0-9]+(ms|s|m|h|d)$"
    };

    /// The SHA-256 of a certificate.
    Pin: "the SHA-256 fingerprint of a certificate", {
        "type": "string",
        "pattern": "^([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$"
    };

    /// A plan of an API.
    PlanPath: "a plan such as `crm/scripts`", { "type": "string", "pattern": "^[a-z0-9-]{1,64}/[a-z0-9_-]{1,64}$" };

    /// A SHA-256.
    Digest: "a SHA-256 in hexadecimal", { "type": "string", "pattern": "^[0-9a-fA-F]{64}$" };

    /// Where a secret is.
    Reference: "a reference such as `${file:secrets/key}` or `${NAME}`", {
        "type": "string",
        "pattern": r"^\$\{(file:.+|[A-Za-z0-9_]+)\}$"
    };

    /// A point in time (RFC 3339).
    Timestamp: "a time such as `2027-01-31T00:00:00Z`", { "type": "string", "format": "date-time" };

    /// The name of a header or of a query parameter.
    FieldName: "a name such as `x-api-key`", { "type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" };

    /// A file, wherever the configuration is.
    AbsolutePath: "an absolute path such as `/var/log/tollgate/audit.jsonl`", {
        "type": "string",
        "pattern": "^/.*[^/]$"
    };

    /// A file, relative to the folder of the configuration.
    FilePath: "the path of a file", { "type": "string", "minLength": 1 };
}

struct TextVisitor(&'static str);

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }
}
