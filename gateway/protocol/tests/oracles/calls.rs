//! Calls made up at random, each from a number of its own: the same number is the same call on every machine.
//!
//! Everything JSON leaves open is drawn: the order of members, whitespace, which characters are escaped and how, how
//! deep values are nested, and what they are.

use super::meaning::message_id;
use super::readers::Input;
use std::collections::BTreeSet;
use std::ops::Range;
use tollgate_protocol::envelope::{Batches, Envelope, Fragment, Id, Target};

/// The method, the member of the params that says on what it acts, and whether that is inside `ref`.
const METHODS: [(&str, &str, bool); 14] = [
    ("tools/call", "name", false),
    ("tools/call", "name", false),
    ("tools/call", "name", false),
    ("prompts/get", "name", false),
    ("resources/read", "uri", false),
    ("resources/subscribe", "uri", false),
    ("resources/unsubscribe", "uri", false),
    ("tasks/get", "taskId", false),
    ("tasks/result", "taskId", false),
    ("tasks/update", "taskId", false),
    ("tasks/cancel", "taskId", false),
    ("completion/complete", "name", true),
    ("completion/complete", "uri", true),
    ("x.example/é", "name", false),
];

/// A body, and what was meant by it.
pub struct Call {
    seed: u64,
    body: String,
    method: &'static str,
    member: &'static str,
    is_ref: bool,
    name: String,
    has_revision: bool,
    /// Where in the body they stand.
    id: Option<Range<usize>>,
    params: Range<usize>,
    arguments: Option<Range<usize>>,
}

impl Call {
    pub fn new(seed: u64) -> Call {
        let mut writer = Writer { random: Random(seed), out: String::new() };
        let (method, member, is_ref) = writer.random.one_of(&METHODS);
        let mut call = Call {
            seed,
            body: String::new(),
            method,
            member,
            is_ref,
            name: writer.random.text(),
            has_revision: writer.random.one_in(3),
            id: None,
            params: 0..0,
            arguments: None,
        };
        writer.space();
        call.write(&mut writer);
        writer.space();
        call.body = writer.out;
        call
    }

    fn write(&mut self, writer: &mut Writer) {
        let mut members = vec!["jsonrpc", "method", "params"];
        if !writer.random.one_in(5) {
            members.push("id");
        }
        writer.object(&members, |writer, member| match member {
            "jsonrpc" => writer.string("2.0"),
            "method" => writer.string(self.method),
            "id" => self.id = Some(writer.id()),
            "params" => self.write_params(writer),
            _ => writer.value(5),
        });
    }

    fn write_params(&mut self, writer: &mut Writer) {
        let mut members = vec![if self.is_ref { "ref" } else { self.member }];
        let has_arguments = writer.random.one_in(2);
        members.extend(has_arguments.then_some("arguments"));
        members.extend(self.has_revision.then_some("_meta"));
        let start = writer.out.len();
        writer.object(&members, |writer, member| match member {
            "ref" => self.write_ref(writer),
            "arguments" => self.arguments = Some(writer.arguments()),
            "_meta" => {
                writer.object(&["io.modelcontextprotocol/protocolVersion"], |writer, member| match member {
                    "io.modelcontextprotocol/protocolVersion" => writer.string("2026-07-28"),
                    _ => writer.value(3),
                })
            }
            member if member == self.member => writer.string(&self.name),
            _ => writer.value(5),
        });
        self.params = start..writer.out.len();
    }

    fn write_ref(&self, writer: &mut Writer) {
        let kind = if self.member == "name" { "ref/prompt" } else { "ref/resource" };
        writer.object(&["type", self.member], |writer, member| match member {
            "type" => writer.string(kind),
            member if member == self.member => writer.string(&self.name),
            _ => writer.value(3),
        });
    }

    pub fn input(&self) -> Input {
        let body = self.body.clone().into_bytes();
        Input { name: format!("call {}", self.seed), body, pointer: None }
    }

    /// What the envelope reads else than was meant.
    pub fn faults(&self) -> Vec<String> {
        let body = self.body.as_bytes();
        let read = [Batches::Allowed, Batches::Refused].map(|batches| Envelope::read(body, batches));
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("call {}: {what}: {}", self.seed, self.body));
            }
        };
        check(read[0] == read[1], "batches make a difference");
        let Ok(Envelope::Single(message)) = &read[0] else {
            check(false, &format!("{:?}", read[0]));
            return faults;
        };
        check(message.method() == Some(self.method), "the method is another");
        check(message.target == self.target(), "the target is another");
        let revision = self.has_revision.then_some("2026-07-28");
        check(message.revision.as_deref() == revision, "the revision is another");
        let id = message_id(message).map(Id::literal);
        check(self.is_here(id, self.id.as_ref()), "the id has other bytes");
        let params = message.params.map(Fragment::text);
        check(self.is_here(params, Some(&self.params)), "the params have other bytes");
        let arguments = message.arguments.map(Fragment::text);
        check(self.is_here(arguments, self.arguments.as_ref()), "the arguments have other bytes");
        faults
    }

    fn target(&self) -> Target<'_> {
        let name = self.name.as_str().into();
        match (self.method.split('/').next(), self.member, self.is_ref) {
            (Some("x.example"), ..) => Target::None,
            (Some("tools"), ..) => Target::Tool(name),
            (_, "taskId", _) => Target::Task(name),
            (_, "uri", true) => Target::Template(name),
            (_, "uri", false) => Target::Resource(name),
            _ => Target::Prompt(name),
        }
    }

    /// Whether a part is the very bytes of the body that stand there, and no copy of them.
    fn is_here(&self, part: Option<&str>, range: Option<&Range<usize>>) -> bool {
        match (part, range) {
            (None, None) => true,
            (Some(part), Some(range)) => std::ptr::eq(part, &raw const self.body[range.clone()]),
            _ => false,
        }
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last + 1);
            things.swap(last, other);
        }
    }

    fn text(&mut self) -> String {
        let length = self.one_of(&[0, 1, 3, 8, 8, 8, 20]);
        (0..length).map(|_| self.character()).collect()
    }

    fn character(&mut self) -> char {
        let (first, last) = self.one_of(&[
            (0x61, 0x7a),
            (0x61, 0x7a),
            (0x20, 0x7e),
            (0x00, 0x1f),
            (0x7f, 0x24f),
            (0x370, 0x3ff),
            (0x2000, 0x206f),
            (0x4e00, 0x4eff),
            (0xe000, 0xffff),
            (0x1f600, 0x1f64f),
            (0x10_fff0, 0x10_ffff),
        ]);
        let drawn = first + u32::try_from(self.below((last - first + 1) as usize)).unwrap();
        char::from_u32(drawn).unwrap()
    }
}

/// JSON as it is written.
struct Writer {
    random: Random,
    out: String,
}

impl Writer {
    fn space(&mut self) {
        while self.random.one_in(4) {
            self.out.push(self.random.one_of(&[' ', '\t', '\n', '\r']));
        }
    }

    /// An object with these members and a few more, whose names begin with an x, in any order.
    fn object(&mut self, members: &[&str], mut write: impl FnMut(&mut Self, &str)) {
        let others: Vec<String> =
            (0..self.random.below(4)).map(|at| format!("x{at}-{}", self.random.text())).collect();
        let mut members: Vec<&str> =
            members.iter().copied().chain(others.iter().map(String::as_str)).collect();
        self.random.shuffle(&mut members);
        self.list('{', '}', &members, |writer, member| {
            writer.string(member);
            writer.space();
            writer.out.push(':');
            writer.space();
            write(writer, member);
        });
    }

    fn list<T>(&mut self, open: char, close: char, things: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.out.push(open);
        self.space();
        for (at, thing) in things.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
                self.space();
            }
            write(self, thing);
            self.space();
        }
        self.out.push(close);
    }

    /// Arguments may have any names, each once; the values in them are as deep as is allowed, now and then.
    fn arguments(&mut self) -> Range<usize> {
        let mut names: BTreeSet<String> = (0..self.random.below(5)).map(|_| self.random.text()).collect();
        if self.random.one_in(4) {
            names.extend(["name", "Name", "method"].map(str::to_owned));
        }
        let mut names: Vec<String> = names.into_iter().collect();
        self.random.shuffle(&mut names);
        let depth = self.random.one_of(&[1, 2, 4, 61]);
        let start = self.out.len();
        self.list('{', '}', &names, |writer, name| {
            writer.string(name);
            writer.space();
            writer.out.push(':');
            writer.space();
            writer.value(depth);
        });
        start..self.out.len()
    }

    /// A value that opens at most `depth` levels.
    fn value(&mut self, depth: usize) {
        // What is to be deep is a chain, or it would be long too.
        let width = if depth > 5 { 1 } else { self.random.below(4) };
        let scalar = depth == 0 || (depth <= 5 && self.random.one_in(2));
        match (scalar, self.random.below(4)) {
            (true, 0) => {
                let text = self.random.text();
                self.string(&text);
            }
            (true, 1) => self.out.push_str(self.random.one_of(&["true", "false", "null"])),
            (true, _) => self.number(),
            (false, 0 | 1) => self.list('[', ']', &vec![(); width], |writer, ()| writer.value(depth - 1)),
            (false, _) => self.list('{', '}', &vec![(); width], |writer, ()| {
                let name = writer.random.text();
                writer.string(&name);
                writer.out.push(':');
                writer.value(depth - 1);
            }),
        }
    }

    /// A string, each character as it is or in one of its escapes.
    fn string(&mut self, text: &str) {
        let escapes = self.random.one_of(&[2, 10, 1000]);
        self.out.push('"');
        for character in text.chars() {
            let short = match character {
                '"' | '\\' | '/' => Some(character),
                '\u{8}' => Some('b'),
                '\u{c}' => Some('f'),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                _ => None,
            };
            let must = matches!(character, '"' | '\\' | '\0'..='\u{1f}');
            match short {
                _ if !must && !self.random.one_in(escapes) => self.out.push(character),
                Some(short) if self.random.one_in(2) => self.out.extend(['\\', short]),
                _ => self.units(character),
            }
        }
        self.out.push('"');
    }

    fn units(&mut self, character: char) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            let digits = if self.random.one_in(2) { format!("{unit:04x}") } else { format!("{unit:04X}") };
            self.out.push_str("\\u");
            self.out.push_str(&digits);
        }
    }

    fn id(&mut self) -> Range<usize> {
        let start = self.out.len();
        if self.random.one_in(2) {
            let text = self.random.text();
            self.string(&text);
        } else {
            self.integer();
        }
        start..self.out.len()
    }

    /// None is too large for a reader that holds it as a double.
    fn number(&mut self) {
        self.integer();
        if self.random.one_in(3) {
            self.out.push_str(&format!(".{:03}", self.random.below(1000)));
        }
        if self.random.one_in(3) {
            let letter = self.random.one_of(&["e", "E", "e+", "E-", "e-", "E+"]);
            self.out.push_str(&format!("{letter}{}", self.random.below(200)));
        }
    }

    fn integer(&mut self) {
        let drawn = self.random.next() >> self.random.below(64);
        self.out.push_str(if self.random.one_in(4) { "-" } else { "" });
        self.out.push_str(&drawn.to_string());
    }
}
