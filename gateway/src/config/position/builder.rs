//! Builds the index from the events of the parser, and refuses what no reader should be given.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use saphyr_parser::{Event, Marker, Parser, ScanError, Span, StrInput, Tag};

use super::{Children, Fault, Node, Place};
use crate::config::key_path::{KeyPath, Step};
use crate::config::problem::quoted;

/// Collections inside collections; the deepest key of the configuration needs seven.
const MAX_DEPTH: usize = 32;

/// Values that aliases may add to those written out: far above any use, far below what would take memory or time.
const MAX_REPEATED: usize = 100_000;

/// What most often is behind an error of the parser, by words of its message.
const SYNTAX_HELP: &[(&str, &str)] = &[
    ("tabs disallowed", "indent with spaces"),
    ("illegal placement of ':'", "a bracket or quote above this line is likely left open"),
    ("quoted scalar", "close the quote on the line where it is opened"),
    ("expected key", "a value that begins with `[`, `{`, `*`, `&` or `!` needs quotes"),
    ("expected '-' indicator", "indent this line like its neighbours"),
    ("multiline text", "a `:` or a value is likely missing"),
    ("simple key", "a `:` or a value is likely missing"),
    ("unknown anchor", "no value above is marked with this name (`&name`)"),
];

/// Recursive descent over the parser's events.
pub(super) struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    pub(super) faults: Vec<Fault>,
    /// How many values stand behind each anchor; `None` while its own node is being read.
    anchors: HashMap<usize, Option<usize>>,
    repeated: usize,
    path: KeyPath,
}

/// A node and how many values it stands for, aliases resolved.
type Counted = (Node, usize);

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            faults: Vec::new(),
            anchors: HashMap::new(),
            repeated: 0,
            path: KeyPath::root(),
        }
    }

    pub(super) fn document(&mut self) -> Result<Node, Box<Fault>> {
        self.next()?;
        let (start, _) = self.next()?;
        if !matches!(start, Event::DocumentStart(_)) {
            return Err(self
                .fault(Place { line: 1, column: 1, length: 1 }, "the file is empty")
                .help("the smallest useful file has `listeners` and `apis`"));
        }
        let (event, span) = self.next()?;
        let (root, _) = self.node(event, span)?;
        self.next()?;
        match self.next()? {
            (Event::StreamEnd, _) => Ok(root),
            (_, span) => Err(self
                .fault(place(span), "a second document starts here")
                .help("one file holds one configuration; remove the `---` line and what follows it")),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Counted, Box<Fault>> {
        match event {
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(_, _, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                self.anchors.insert(anchor, Some(1));
                Ok((Node { place: place(span), children: Children::None }, 1))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                self.collection(anchor, span, Self::list)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                self.collection(anchor, span, Self::mapping)
            }
            _ => Err(self.fault(place(span), "a value was expected here")),
        }
    }

    fn collection(
        &mut self,
        anchor: usize,
        span: Span,
        read: fn(&mut Self, Span) -> Result<Counted, Box<Fault>>,
    ) -> Result<Counted, Box<Fault>> {
        if self.path.steps().len() >= MAX_DEPTH {
            return Err(self.fault(place(span), format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.anchors.insert(anchor, None);
        let read = read(self, span)?;
        self.anchors.insert(anchor, Some(read.1));
        Ok(read)
    }

    fn list(&mut self, start: Span) -> Result<Counted, Box<Fault>> {
        let (mut items, mut size) = (Vec::new(), 1);
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((Node { place: place(start), children: Children::List(items) }, size));
            }
            let (item, added) = self.at(Step::Item(items.len()), |this| this.node(event, span))?;
            items.push(item);
            size += added;
        }
    }

    fn mapping(&mut self, start: Span) -> Result<Counted, Box<Fault>> {
        let (mut entries, mut size) = (Vec::new(), 1);
        let mut seen: HashMap<String, Place> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            let (key, key_place) = match event {
                Event::MappingEnd => break,
                Event::Scalar(key, ..) => (key.into_owned(), place(span)),
                _ => return Err(self.fault(place(span), "a key must be plain text, such as `name:`")),
            };
            let first = match seen.entry(key.clone()) {
                Entry::Occupied(first) => Some(*first.get()),
                Entry::Vacant(vacant) => {
                    vacant.insert(key_place);
                    None
                }
            };
            let (event, span) = self.next()?;
            let (value, added) = self.at(Step::Key(key.clone()), |this| {
                if let Some(first) = first {
                    this.duplicate(&key, key_place, first);
                }
                this.node(event, span)
            })?;
            size += added;
            if first.is_none() {
                entries.push((key, key_place, value));
            }
        }
        Ok((Node { place: mapping_place(start, &entries), children: Children::Mapping(entries) }, size))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Counted, Box<Fault>> {
        let Some(size) = self.anchors.get(&anchor).copied().flatten() else {
            return Err(self.fault(place(span), "this alias repeats a value inside itself"));
        };
        self.repeated = self.repeated.saturating_add(size);
        if self.repeated > MAX_REPEATED {
            return Err(self
                .fault(place(span), format!("the aliases of this file add more than {MAX_REPEATED} values"))
                .help("write the repeated values out, or repeat less"));
        }
        Ok((Node { place: place(span), children: Children::None }, size))
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: Span) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return };
        let fault =
            self.fault(place(span), format!("the tag {} means nothing here", quoted(&tag.to_string())));
        self.faults.push(*fault.help("remove the tag and keep the value"));
    }

    fn duplicate(&mut self, key: &str, here: Place, first: Place) {
        let mut fault = self.fault(here, format!("the key {} is set twice", quoted(key)));
        fault.first = Some(first);
        self.faults.push(*fault.help("keep one of the two"));
    }

    /// Runs `read` one step further down the path.
    fn at<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        let parent = self.path.clone();
        self.path = parent.join(step);
        let read = read(self);
        self.path = parent;
        read
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Box<Fault>> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Err(self.fault(Place { line: 1, column: 1, length: 1 }, "the document ends too early")),
        }
    }

    fn syntax(&self, error: &ScanError) -> Box<Fault> {
        let fault = self.fault(place_at(*error.marker()), format!("not valid YAML: {}", error.info()));
        match SYNTAX_HELP.iter().find(|(words, _)| error.info().contains(words)) {
            Some((_, help)) => fault.help(help),
            None => fault,
        }
    }

    fn fault(&self, place: Place, message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { place, path: self.path.clone(), message: message.into(), help: None, first: None })
    }
}

impl Fault {
    fn help(mut self: Box<Self>, help: &str) -> Box<Self> {
        self.help = Some(help.to_owned());
        self
    }
}

fn place(Span { start, end, .. }: Span) -> Place {
    let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { usize::MAX };
    Place { length: length.max(1), ..place_at(start) }
}

fn place_at(marker: Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1, length: 1 }
}

/// A mapping in block style starts with nothing of its own: its first key is what a reader sees.
fn mapping_place(start: Span, entries: &[(String, Place, Node)]) -> Place {
    match entries.first() {
        Some((_, key, _)) if start.is_empty() => *key,
        _ => place(start),
    }
}
