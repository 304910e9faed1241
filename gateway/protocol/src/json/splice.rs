//! Edits of a document by byte span.

use std::ops::Range;

/// The document with other text in place of each span, in one pass; all other bytes are kept. The spans come in the order
/// in which they stand there, and none reaches into another.
pub(crate) fn spliced(document: &str, edits: &[(Range<usize>, impl AsRef<str>)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.len());
    let mut at = 0;
    for (span, text) in edits {
        out.extend_from_slice(document.get(at..span.start).unwrap_or_default().as_bytes());
        out.extend_from_slice(text.as_ref().as_bytes());
        at = span.end;
    }
    out.extend_from_slice(document.get(at..).unwrap_or_default().as_bytes());
    out
}
