//! As much of HTTP/1.1 (RFC 9112) as both ends of a measurement need: where a head ends, what frames the body after it,
//! and when that is complete.

use std::io;

/// The head of a request or an answer.
pub struct Head<'a> {
    text: &'a str,
}

/// How the end of a body is found.
#[derive(Debug, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl<'a> Head<'a> {
    /// The head at the beginning of what was received, once all of it is there.
    ///
    /// # Errors
    /// When it is no text.
    pub fn find(received: &'a [u8]) -> io::Result<Option<Head<'a>>> {
        let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&received[..end + 4]).map_err(io::Error::other)?;
        Ok(Some(Head { text }))
    }

    /// With the empty line that ends it.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    pub fn start_line(&self) -> &'a str {
        self.text.split("\r\n").next().unwrap_or_default()
    }

    /// The status of an answer; zero where there is none.
    pub fn status(&self) -> u16 {
        let status = self.text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        status.and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The first field of that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.text.split("\r\n").skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn closes(&self) -> bool {
        self.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// That of an answer, which without a length lasts until its connection ends.
    pub fn answer_framing(&self) -> Framing {
        match self.status() {
            204 | 304 => Framing::Length(0),
            _ => self.framing().unwrap_or(Framing::UntilClose),
        }
    }

    /// That of a request, which without a length has no body.
    pub fn request_framing(&self) -> Framing {
        self.framing().unwrap_or(Framing::Length(0))
    }

    fn framing(&self) -> Option<Framing> {
        if self.field("transfer-encoding").is_some() {
            return Some(Framing::Chunked);
        }
        self.field("content-length")?.parse().ok().map(Framing::Length)
    }
}

/// A body that is being received.
pub enum Body {
    Length(u64),
    Chunked(Chunk),
    UntilClose,
}

/// Where in a chunked body one is.
#[derive(Default)]
pub enum Chunk {
    #[default]
    Start,
    Size(u64),
    Extension(u64),
    Data(u64),
    EndOfData,
    /// A line after the last chunk, and how many bytes it has so far.
    Trailer(usize),
    Done,
}

impl Body {
    pub fn new(framing: Framing) -> Body {
        match framing {
            Framing::Length(length) => Body::Length(length),
            Framing::Chunked => Body::Chunked(Chunk::default()),
            Framing::UntilClose => Body::UntilClose,
        }
    }

    pub fn is_complete(&self) -> bool {
        matches!(self, Body::Length(0) | Body::Chunked(Chunk::Done))
    }

    /// Appends to `content` what is in these bytes of this body, and says how many of them belong to it.
    ///
    /// # Errors
    /// When a chunk has no size.
    pub fn take(&mut self, bytes: &[u8], content: &mut impl FnMut(&[u8])) -> io::Result<usize> {
        match self {
            Body::Length(left) => Ok(take_data(left, bytes, content)),
            Body::UntilClose => {
                content(bytes);
                Ok(bytes.len())
            }
            Body::Chunked(chunk) => {
                let mut taken = 0;
                while taken < bytes.len() && !matches!(chunk, Chunk::Done) {
                    taken += chunk.take(&bytes[taken..], content)?;
                }
                Ok(taken)
            }
        }
    }
}

impl Chunk {
    fn take(&mut self, bytes: &[u8], content: &mut impl FnMut(&[u8])) -> io::Result<usize> {
        if let Chunk::Data(left) = self {
            let taken = take_data(left, bytes, content);
            if *left == 0 {
                *self = Chunk::EndOfData;
            }
            return Ok(taken);
        }
        let byte = bytes[0];
        *self = match (&*self, byte) {
            (Chunk::Start, _) => Chunk::Size(digit(byte)?),
            (Chunk::Size(0) | Chunk::Extension(0), b'\n') => Chunk::Trailer(0),
            (Chunk::Size(size) | Chunk::Extension(size), b'\n') => Chunk::Data(*size),
            (Chunk::Size(size) | Chunk::Extension(size), b'\r' | b';' | b' ') => Chunk::Extension(*size),
            (Chunk::Size(size), _) => Chunk::Size(size.saturating_mul(16).saturating_add(digit(byte)?)),
            (Chunk::Extension(size), _) => Chunk::Extension(*size),
            (Chunk::EndOfData, b'\n') => Chunk::Start,
            (Chunk::EndOfData, _) => Chunk::EndOfData,
            (Chunk::Trailer(0), b'\n') => Chunk::Done,
            (Chunk::Trailer(length), b'\r') => Chunk::Trailer(*length),
            (Chunk::Trailer(_), b'\n') => Chunk::Trailer(0),
            (Chunk::Trailer(length), _) => Chunk::Trailer(length + 1),
            (Chunk::Data(_) | Chunk::Done, _) => Chunk::Done,
        };
        Ok(1)
    }
}

fn take_data(left: &mut u64, bytes: &[u8], content: &mut impl FnMut(&[u8])) -> usize {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
    content(&bytes[..taken]);
    *left -= taken as u64;
    taken
}

fn digit(byte: u8) -> io::Result<u64> {
    let digit = char::from(byte).to_digit(16).ok_or_else(|| io::Error::other("a chunk without a size"))?;
    Ok(u64::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(framing: Framing, pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let (mut body, mut content) = (Body::new(framing), Vec::new());
        for piece in pieces {
            body.take(piece, &mut |data| content.extend_from_slice(data)).unwrap();
        }
        (content, body.is_complete())
    }

    #[test]
    fn a_head_is_there_once_its_empty_line_is() {
        let whole = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate:  Bearer\r\nContent-Length: 2\r\n\r\n{}";
        assert!(Head::find(&whole[..40]).unwrap().is_none());
        let head = Head::find(whole).unwrap().unwrap();
        assert_eq!((head.status(), head.length()), (401, whole.len() - 2));
        assert_eq!(head.field("www-authenticate"), Some("Bearer"));
        assert_eq!(head.answer_framing(), Framing::Length(2));
        assert!(!head.closes());
    }

    #[test]
    fn a_request_without_a_length_has_no_body_and_an_answer_lasts_until_the_end() {
        let head = Head::find(b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.request_framing(), Framing::Length(0));
        assert!(head.closes());
        let head = Head::find(b"HTTP/1.1 200 OK\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.answer_framing(), Framing::UntilClose);
        assert_eq!(
            Head::find(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().answer_framing(),
            Framing::Length(0)
        );
    }

    #[test]
    fn chunks_are_read_wherever_they_are_cut() {
        let whole = b"5\r\nhello\r\n1b;x=y\r\n, 27 bytes of another chunk\r\n0\r\nTrailer: x\r\n\r\n";
        let expected = b"hello, 27 bytes of another chunk".to_vec();
        for cut in 1..whole.len() {
            let (content, complete) = read(Framing::Chunked, &[&whole[..cut], &whole[cut..]]);
            assert_eq!((content, complete), (expected.clone(), true), "cut at {cut}");
        }
        assert!(!read(Framing::Chunked, &[&whole[..whole.len() - 1]]).1);
    }

    #[test]
    fn what_follows_a_body_is_left() {
        let mut body = Body::new(Framing::Length(2));
        assert_eq!(body.take(b"{}HTTP/1.1", &mut |_| ()).unwrap(), 2);
        assert!(body.is_complete());
        let mut body = Body::new(Framing::Chunked);
        assert_eq!(body.take(b"0\r\n\r\nHTTP", &mut |_| ()).unwrap(), 5);
        assert!(body.take(b"x", &mut |_| ()).unwrap() == 0);
    }

    #[test]
    fn a_chunk_without_a_size_is_an_error() {
        assert!(Body::new(Framing::Chunked).take(b"\r\n", &mut |_| ()).is_err());
    }
}
