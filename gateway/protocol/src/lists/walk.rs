//! One pass through a body, which finds what has to change in it.

use super::item::List;
use super::{Item, ListError, Listed};
use crate::envelope::object::{Reader, text};
use crate::envelope::{EnvelopeError, Fragment, MAX_DEPTH, Pointer};
use crate::json::{Kind, Reason, Scanner};
use std::borrow::Cow;
use std::ops::Range;

/// A span and what to put there.
pub(super) type Edit = (Range<usize>, &'static str);

const MESSAGE: [&str; 3] = ["result", "method", "id"];
const RESULT: [&str; 6] =
    ["tools", "prompts", "resources", "resourceTemplates", "cacheScope", "inputRequests"];

/// What the client gets in place of a request of the server: something to show to people, which it need not act on.
const WITHHELD: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"gateway","data":"A request of the server was withheld."}}"#;
/// And in place of a result that asks for something: the member `error` of its message.
const REFUSED: &str = r#""error":{"code":-32003,"message":"The server has asked for what it may not.","data":{"reason":"access_denied"}}"#;

struct Walk<'k> {
    keep: &'k mut dyn FnMut(&Item<'_>) -> bool,
    /// In the order in which they stand in the body.
    edits: Vec<Edit>,
}

/// What has to change in a whole body.
pub(super) fn edits(document: &str, keep: &mut dyn FnMut(&Item<'_>) -> bool) -> Result<Vec<Edit>, ListError> {
    // What is not read here may hold half a surrogate pair, which stays what it was.
    let mut scanner = Scanner::tolerant(document, MAX_DEPTH);
    scanner.skip_whitespace();
    let mut reader = Reader { document, scanner: &mut scanner };
    let mut walk = Walk { keep, edits: Vec::new() };
    match reader.scanner.peek() {
        Some(b'[') => {
            walk.array(&mut reader, MAX_DEPTH, |walk, reader, depth| walk.message(reader, depth))?;
        }
        _ => walk.message(&mut reader, MAX_DEPTH)?,
    }
    scanner.end()?;
    Ok(walk.edits)
}

impl Walk<'_> {
    fn message(&mut self, reader: &mut Reader<'_, '_>, depth: usize) -> Result<(), ListError> {
        if !reader.at_object() {
            // Not JSON at all is the better answer where both are true.
            reader.value(depth)?;
            return Err(EnvelopeError::NotAMessage.into());
        }
        let (start, edits_before) = (reader.scanner.offset(), self.edits.len());
        let (mut method, mut has_id) = (None, false);
        reader.object::<ListError>(depth, &MESSAGE, |reader, place, depth| {
            match MESSAGE.get(place) {
                Some(&"result") if reader.at_object() => return self.result(reader, depth),
                Some(&"method") => method = reader.string(depth)?,
                _ => {
                    reader.value(depth)?;
                    has_id |= place == 2;
                }
            }
            Ok(())
        })?;
        if let Some(method) = method.filter(|_| has_id)
            && !self.keeps_request(method)
        {
            self.edits.truncate(edits_before);
            self.edits.push((start..reader.scanner.offset(), WITHHELD));
        }
        Ok(())
    }

    fn keeps_request(&mut self, method: Cow<'_, str>) -> bool {
        (self.keep)(&Item { listed: Listed::Request(method), input_schema: None })
    }

    fn result(&mut self, reader: &mut Reader<'_, '_>, depth: usize) -> Result<(), ListError> {
        let member = beginning_of_member(reader);
        let edits_before = self.edits.len();
        let (mut lists, mut scope, mut all_may_be_asked) = (false, None, true);
        reader.object::<ListError>(depth, &RESULT, |reader, place, depth| {
            let member = RESULT.get(place).copied().unwrap_or_default();
            if member == "inputRequests" {
                all_may_be_asked = self.requests(reader, depth)?;
                return Ok(());
            }
            if let Some(list) = List::named(member) {
                lists = true;
                return self.list(list, reader, depth);
            }
            let start = reader.scanner.offset();
            let (kind, literal) = reader.value(depth)?;
            let private = kind == Kind::String && text(literal).is_ok_and(|text| text == "private");
            scope = (!private).then(|| (self.edits.len(), start..reader.scanner.offset()));
            Ok(())
        })?;
        if !all_may_be_asked {
            self.edits.truncate(edits_before);
            self.edits.push((member..reader.scanner.offset(), REFUSED));
        } else if let Some((place, span)) = scope.filter(|_| lists) {
            self.edits.insert(place, (span, "\"private\""));
        }
        Ok(())
    }

    /// Whether the client may be asked for everything a result asks for (MCP 2026-07-28, multi round-trip requests).
    fn requests(&mut self, reader: &mut Reader<'_, '_>, depth: usize) -> Result<bool, ListError> {
        if !reader.at_object() {
            return match reader.value(depth)? {
                (Kind::Null, _) => Ok(true),
                _ => Err(ListError::NotAList),
            };
        }
        let start = reader.scanner.offset();
        reader.object::<ListError>(depth, &[], |_, _, _| Ok(()))?;
        let requests = Fragment { text: reader.since(start) };
        let mut methods = Vec::new();
        for (_, request) in requests.members()? {
            let method = match request.kind() {
                Kind::Object => request.at(&Pointer::through(&[Cow::Borrowed("method")]))?,
                _ => None,
            };
            methods.push(method.map(Fragment::string).transpose()?.flatten().ok_or(ListError::Unnamed)?);
        }
        // Each is asked about, whatever was said of another.
        let kept: Vec<_> = methods.into_iter().map(|method| self.keeps_request(method)).collect();
        Ok(kept.into_iter().all(|kept| kept))
    }

    /// Cuts reach from the end of the item before to the end of the one that goes. As long as none has been kept there is
    /// one cut, from the first item to the first that is kept, or to the end of the last.
    fn list(&mut self, list: List, reader: &mut Reader<'_, '_>, depth: usize) -> Result<(), ListError> {
        if reader.scanner.peek() != Some(b'[') {
            reader.value(depth)?;
            return Err(ListError::NotAList);
        }
        let mut head: Option<Range<usize>> = None;
        let (mut kept_any, mut end_of_last) = (false, 0);
        self.array(reader, depth, |walk, reader, depth| {
            let start = reader.scanner.offset();
            let kept = walk.item(list, reader, depth)?;
            let end = reader.scanner.offset();
            match (kept, kept_any) {
                (true, true) => {}
                (true, false) => {
                    walk.edits.extend(head.take().map(|head| (head.start..start, "")));
                    kept_any = true;
                }
                (false, true) => walk.edits.push((end_of_last..end, "")),
                (false, false) => head = Some(head.take().map_or(start, |head| head.start)..end),
            }
            end_of_last = end;
            Ok(())
        })?;
        self.edits.extend(head.map(|head| (head, "")));
        Ok(())
    }

    /// Whether the item at the cursor is to be kept.
    fn item(&mut self, list: List, reader: &mut Reader<'_, '_>, depth: usize) -> Result<bool, ListError> {
        if !reader.at_object() {
            reader.value(depth)?;
            return Err(ListError::Unnamed);
        }
        let (mut name, mut input_schema) = (None, None);
        reader.object::<ListError>(depth, list.members(), |reader, place, depth| {
            match place {
                0 => name = reader.string(depth)?,
                _ => input_schema = Some(Fragment { text: reader.value(depth)?.1 }),
            }
            Ok(())
        })?;
        let listed = list.listed(name.ok_or(ListError::Unnamed)?);
        let input_schema = input_schema.filter(|schema| schema.kind() == Kind::Object);
        Ok((self.keep)(&Item { listed, input_schema }))
    }

    /// Walks the array at the cursor. `read` is called at each element, and has to walk it.
    fn array<'b>(
        &mut self,
        reader: &mut Reader<'b, '_>,
        depth: usize,
        mut read: impl FnMut(&mut Self, &mut Reader<'b, '_>, usize) -> Result<(), ListError>,
    ) -> Result<(), ListError> {
        let inner = depth.checked_sub(1).ok_or_else(|| reader.scanner.error(Reason::TooDeep))?;
        reader.scanner.expect(b'[')?;
        if reader.scanner.closes(b']') {
            return Ok(());
        }
        loop {
            reader.scanner.skip_whitespace();
            read(self, reader, inner)?;
            if !reader.scanner.another(b']')? {
                return Ok(());
            }
        }
    }
}

/// Where the name begins whose value the cursor is at. In a name that is one of `MESSAGE` there is no quote.
fn beginning_of_member(reader: &Reader<'_, '_>) -> usize {
    let before = reader.document.get(..reader.scanner.offset()).unwrap_or_default();
    let name = before.rfind('"').and_then(|end| before.get(..end));
    name.and_then(|before| before.rfind('"')).unwrap_or_default()
}
