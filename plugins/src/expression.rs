//! What an operator writes in CEL (<https://cel.dev>) about requests: compiled when the configuration is read, with every
//! name it may use known by then, and evaluated where a plan or a policy has one.
//!
//! What it may name is a [`Sight`]: `request` and `client` for plans, which are asked before anybody knows who calls; the
//! caller too for policies; and `message` and `arguments` for those that read messages. Only what it names is made into
//! values.

mod arguments;
mod facts;

use std::fmt;
use std::sync::Arc;

use cel::{Context, ExecutionError, ParseErrors, Program, Value};

use self::arguments::Argument;
pub use self::facts::Facts;

/// A longer one belongs in another place than a configuration.
const BYTES_MAX: usize = 1024;
/// The library reads what is inside of something by calling itself.
const DEPTH_MAX: usize = 16;
/// Of the thread that it does that on; a level takes a quarter of a MiB where nothing is optimised.
const STACK_BYTES: usize = 16 * 1024 * 1024;

thread_local! {
    /// The functions of CEL, which are the same for every expression.
    static LIBRARY: Context<'static, 'static> = Context::default();
}

/// What an expression may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// `request`, `client`.
    Request,
    /// And `api`, `plan`, `consumer`, `subject`, `client_id`, `scopes`, `groups`, `claims`, `session`.
    Caller,
    /// And `message`, `arguments`.
    Message,
}

impl Sight {
    fn names(self) -> &'static [&'static str] {
        const ALL: [&str; 13] = [
            "request",
            "client",
            "api",
            "plan",
            "consumer",
            "subject",
            "client_id",
            "scopes",
            "groups",
            "claims",
            "session",
            "message",
            "arguments",
        ];
        match self {
            Sight::Request => ALL.get(..2).unwrap_or_default(),
            Sight::Caller => ALL.get(..11).unwrap_or_default(),
            Sight::Message => &ALL,
        }
    }
}

/// An expression that was compiled.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Arc<Program>,
    /// Which names it uses.
    names: Arc<[&'static str]>,
    /// Where it looks into the arguments of a call.
    arguments: Arc<[Argument]>,
}

/// It cannot be told what an expression says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

impl Expression {
    /// `fits` judges the value it has for a request that is like many.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(
        text: &str,
        sight: Sight,
        fits: impl Fn(&Value) -> Result<(), &'static str>,
    ) -> Result<Expression, String> {
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
        let used = program.references();
        let names = sight.names().iter().copied().filter(|name| used.has_variable(name)).collect();
        let arguments = arguments::named(program.expression())?.into();
        let expression = Expression { text: text.into(), program: Arc::new(program), names, arguments };
        expression.try_out(sight, fits)?;
        Ok(expression)
    }

    /// Whether it says anything about the message.
    pub fn looks_at_messages(&self) -> bool {
        self.names.iter().any(|name| matches!(*name, "message" | "arguments"))
    }

    /// Whether it says anything about the arguments of a call.
    pub fn looks_at_arguments(&self) -> bool {
        self.names.contains(&"arguments")
    }

    /// # Errors
    /// When there is no value, such as where a header is asked for that the request does not have.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Result<Value, NoAnswer> {
        self.execute(facts).map_err(|_| NoAnswer)
    }

    /// A request that is like many tells what is wrong whatever the request. That it lacks a header tells nothing.
    fn try_out(&self, sight: Sight, fits: impl Fn(&Value) -> Result<(), &'static str>) -> Result<(), String> {
        match facts::like_many(|facts| self.execute(facts)) {
            Ok(value) => fits(&value).map_err(str::to_owned),
            Err(ExecutionError::NoSuchKey(_)) => Ok(()),
            Err(ExecutionError::UndeclaredReference(name)) => {
                let names: Vec<_> = sight.names().iter().map(|name| format!("`{name}`")).collect();
                let (last, others) = names.split_last().ok_or("")?;
                Err(format!("there is no `{name}`: it can be about {} and {last}", others.join(", ")))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn execute(&self, facts: &Facts<'_>) -> Result<Value, ExecutionError> {
        LIBRARY.with(|library| {
            let mut context = library.new_inner_scope();
            for name in self.names.iter() {
                context.add_variable_from_value(*name, facts.value(name, &self.arguments)?);
            }
            self.program.execute(&context)
        })
    }
}

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

/// The same text is the same expression.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Expression({})", self.text)
    }
}
