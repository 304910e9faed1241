//! Conditions of the operator's on requests, in CEL (<https://cel.dev>): compiled when the configuration is read, and
//! looked at where a plan has one. They see what a request says of itself, which is for choosing between plans; who the
//! caller is, the plan finds out.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use cel::{Context, ExecutionError, ParseErrors, Program, Value};
use http::HeaderMap;

/// A longer one belongs in another place than a configuration.
const BYTES_MAX: usize = 1024;
/// The library reads what is inside of something by calling itself.
const DEPTH_MAX: usize = 16;
/// Of the thread that it does that on; a level takes a quarter of a MiB where nothing is optimised.
const STACK_BYTES: usize = 16 * 1024 * 1024;

thread_local! {
    /// The functions of CEL, which are the same for every condition.
    static LIBRARY: Context<'static, 'static> = Context::default();
}

/// A condition.
#[derive(Clone)]
pub struct Condition {
    text: Arc<str>,
    program: Arc<Program>,
}

/// What a condition may look at.
#[derive(Clone, Copy)]
pub struct Facts<'r> {
    pub method: &'r str,
    /// Of the public URL, lower-case, without a port.
    pub host: &'r str,
    /// As the client has asked for it, without the query.
    pub path: &'r str,
    pub headers: &'r HeaderMap,
    pub client: Option<IpAddr>,
}

impl Condition {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Condition, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("it is longer than {BYTES_MAX} bytes"));
        }
        if depth(text) > DEPTH_MAX {
            return Err(format!("it is nested deeper than {DEPTH_MAX} levels"));
        }
        let program = compile(text)?.map_err(|flaws| {
            let flaw = flaws.errors.iter().min_by_key(|flaw| flaw.pos);
            flaw.map_or_else(String::new, |flaw| format!("at character {}: {}", flaw.pos.1, brief(&flaw.msg)))
        })?;
        let condition = Condition { text: text.into(), program: Arc::new(program) };
        condition.try_out()?;
        Ok(condition)
    }

    /// Whether a request fits.
    ///
    /// # Errors
    /// When that cannot be told, such as where a header is asked for that the request does not have.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, NoAnswer> {
        match self.evaluate(facts) {
            Ok(Value::Bool(holds)) => Ok(holds),
            _ => Err(NoAnswer),
        }
    }

    /// A request that is like many tells what is wrong with a condition whatever the request. That it lacks a header
    /// tells nothing.
    fn try_out(&self) -> Result<(), String> {
        let client = Some(IpAddr::from([192, 0, 2, 1]));
        let headers = HeaderMap::new();
        let facts =
            Facts { method: "POST", host: "gateway.example", path: "/mcp", headers: &headers, client };
        match self.evaluate(&facts) {
            Ok(Value::Bool(_)) | Err(ExecutionError::NoSuchKey(_)) => Ok(()),
            Ok(_) => Err("it says neither true nor false".to_owned()),
            Err(ExecutionError::UndeclaredReference(name)) => {
                Err(format!("there is no `{name}`: it can be about `request` and `client`"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Value, ExecutionError> {
        LIBRARY.with(|library| {
            let mut context = library.new_inner_scope();
            context.add_variable_from_value("request", facts.request());
            context.add_variable_from_value("client", facts.client());
            self.program.execute(&context)
        })
    }
}

impl Facts<'_> {
    fn request(&self) -> HashMap<String, Value> {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        HashMap::from([
            text("method", self.method),
            text("host", self.host),
            text("path", self.path),
            ("headers".to_owned(), Value::from(self.headers())),
        ])
    }

    /// By lower-case names; several fields of a name are one, as RFC 9110 §5.3 joins them.
    fn headers(&self) -> HashMap<String, Value> {
        let joined = |name: &http::HeaderName| {
            let fields = self.headers.get_all(name).iter();
            fields.map(|field| String::from_utf8_lossy(field.as_bytes())).collect::<Vec<_>>().join(", ")
        };
        self.headers.keys().map(|name| (name.to_string(), Value::from(joined(name)))).collect()
    }

    fn client(&self) -> HashMap<String, Value> {
        let address = self.client.map(|address| address.to_string()).unwrap_or_default();
        HashMap::from([("address".to_owned(), Value::from(address))])
    }
}

/// It cannot be told whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

fn compile(text: &str) -> Result<Result<Program, ParseErrors>, String> {
    let compiled = std::thread::scope(|scope| {
        let reading = std::thread::Builder::new().stack_size(STACK_BYTES);
        reading.spawn_scoped(scope, || Program::compile(text)).map(|thread| thread.join())
    });
    match compiled {
        Ok(Ok(compiled)) => Ok(compiled),
        Ok(Err(_)) => Err("it cannot be read".to_owned()),
        Err(error) => Err(format!("it cannot be read now: {error}")),
    }
}

/// How deep a condition can be nested at most: brackets that are open, and choices, the rest of which is inside.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut choices) = (0_usize, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'?' => choices += 1,
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest + choices
}

/// Without what the library would have accepted, which is half a page.
fn brief(message: &str) -> &str {
    message.split(" expecting ").next().unwrap_or(message).trim_start_matches("Syntax error: ")
}

/// The same text is the same condition.
impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Condition({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderName, HeaderValue};

    fn holds(text: &str) -> Result<bool, NoAnswer> {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-env", "prod"), ("x-team", "a"), ("x-team", "b")] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let client = Some("2001:db8::1".parse().expect("an address"));
        let facts = Facts { method: "POST", host: "gw.example", path: "/a/mcp/x", headers: &headers, client };
        Condition::parse(text).unwrap_or_else(|why| panic!("{text}: {why}")).holds(&facts)
    }

    #[test]
    fn a_condition_sees_method_host_path_headers_and_client() {
        for text in [
            "true",
            r#"request.method == "POST" && request.host == "gw.example""#,
            r#"request.path.startsWith("/a/") && !request.path.endsWith("/mcp")"#,
            r#""x-env" in request.headers && request.headers["x-env"] == "prod""#,
            r#"request.headers["x-team"] == "a, b""#,
            r#"client.address == "2001:db8::1""#,
            r#"["GET", "POST"].exists(method, method == request.method)"#,
        ] {
            assert_eq!(holds(text), Ok(true), "{text}");
        }
        assert_eq!(holds(r#"request.method == "GET""#), Ok(false));
        assert_eq!(holds(r#"request.headers["x-none"] == "a""#), Err(NoAnswer), "no such header");
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_is_wrong() {
        for (text, why) in [
            ("", "at character 1: mismatched input '<EOF>'"),
            ("request.method ==", "at character 18: mismatched input '<EOF>'"),
            ("request.method", "it says neither true nor false"),
            ("token.sub == 'a'", "there is no `token`: it can be about `request` and `client`"),
            ("request.method.nope()", "there is no `nope`: it can be about `request` and `client`"),
            ("1 + true == 2", "Unsupported binary operator 'add': Int(1), Bool(true)"),
        ] {
            assert_eq!(Condition::parse(text).err().as_deref(), Some(why), "{text}");
        }
        for (begin, end) in [("(", ")"), ("[", "]"), ("true ? true : ", "")] {
            for (levels, is_good) in [(DEPTH_MAX, begin != "["), (DEPTH_MAX + 1, false), (60, false)] {
                let text = format!("{}true{}", begin.repeat(levels), end.repeat(levels));
                assert_eq!(Condition::parse(&text).is_ok(), is_good, "{levels} {begin}");
            }
        }
        assert!(Condition::parse(&format!("{}true", "!".repeat(BYTES_MAX - 4))).is_ok(), "no level each");
        assert!(Condition::parse(&" ".repeat(BYTES_MAX + 1)).is_err());
    }
}
