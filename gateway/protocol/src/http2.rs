//! The frames of a connection of HTTP/2 (RFC 9113 §4), told apart as they pass: of which type they are and how long. Whether
//! they make sense is for the library of HTTP/2 to say.

/// What a client begins with (§3.4), ahead of its first frame.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (§6).
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;

/// Of a frame without its content (§4.1).
const HEADER: usize = 9;
/// Of the content of GOAWAY, up to the end of its error code (§6.8).
const ERROR: usize = 8;

/// What is known of a frame before its content has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    /// Bytes of its content.
    pub length: u32,
    /// Without the reserved bit; 0 for one of the whole connection.
    pub stream: u32,
    /// Of GOAWAY, where it has one.
    pub error: Option<u32>,
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// Bytes that pass before the next frame begins.
    left: usize,
    begun: [u8; HEADER + ERROR],
    /// How many of them are there.
    have: usize,
}

impl Frames {
    /// What a client sends, with the bytes it begins with.
    pub fn of_client() -> Frames {
        Frames { left: PREFACE.len(), ..Frames::default() }
    }

    /// Whether the bytes so far end where a frame does.
    pub fn is_between(&self) -> bool {
        (self.left, self.have) == (0, 0)
    }

    /// The next bytes: `seen` is called for each frame that begins in them, once as much of it is there as is looked at.
    pub fn push(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            let missing = if self.left > 0 { self.left } else { self.wanted() - self.have };
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            bytes = later;
            if self.left > 0 {
                self.left -= now.len();
                continue;
            }
            let place = self.begun.get_mut(self.have..self.have + now.len());
            place.unwrap_or_default().copy_from_slice(now);
            self.have += now.len();
            if self.have == self.wanted() {
                let frame = self.frame();
                self.left = (HEADER + frame.length as usize) - self.have;
                self.have = 0;
                seen(frame);
            }
        }
    }

    /// How many bytes of a frame are looked at.
    fn wanted(&self) -> usize {
        let with_error = self.have >= HEADER && self.kind() == GOAWAY && self.length() >= ERROR as u32;
        if with_error { HEADER + ERROR } else { HEADER }
    }

    fn kind(&self) -> u8 {
        self.begun[3]
    }

    fn length(&self) -> u32 {
        u32::from_be_bytes([0, self.begun[0], self.begun[1], self.begun[2]])
    }

    fn frame(&self) -> Frame {
        let [_, _, _, kind, _, s1, s2, s3, s4, _, _, _, _, e1, e2, e3, e4] = self.begun;
        let error = (self.have > HEADER).then(|| u32::from_be_bytes([e1, e2, e3, e4]));
        let stream = u32::from_be_bytes([s1, s2, s3, s4]) & (u32::MAX >> 1);
        Frame { kind, length: self.length(), stream, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0], &stream.to_be_bytes(), content].concat()
    }

    fn seen(mut frames: Frames, pieces: &[&[u8]]) -> Vec<Frame> {
        let mut seen = Vec::new();
        pieces.iter().for_each(|piece| frames.push(piece, |frame| seen.push(frame)));
        seen
    }

    #[test]
    fn frames_are_told_apart_however_their_bytes_arrive() {
        let stream = [frame(HEADERS, 3, b"abc"), frame(DATA, 3, b""), frame(0x42, 0, &[7; 300])].concat();
        let expected = [(HEADERS, 3, 3), (DATA, 0, 3), (0x42, 300, 0)];
        for size in 1..stream.len() {
            let frames = seen(Frames::default(), &stream.chunks(size).collect::<Vec<_>>());
            let frames = frames.iter().map(|frame| (frame.kind, frame.length, frame.stream));
            assert!(frames.eq(expected), "in pieces of {size}");
        }
    }

    #[test]
    fn what_a_client_begins_with_is_no_frame() {
        let sent = [PREFACE, &frame(4, 0, b"")].concat();
        assert_eq!(seen(Frames::of_client(), &[&sent]).len(), 1);
    }

    #[test]
    fn a_goaway_says_its_error_where_it_has_one() {
        let whole = frame(GOAWAY, 0, &[0, 0, 0, 5, 0, 0, 0, 11, b'!']);
        let short = frame(GOAWAY, 0, &[0; 7]);
        let frames = seen(Frames::default(), &[&whole, &short, &whole]);
        let errors: Vec<_> = frames.iter().map(|frame| frame.error).collect();
        assert_eq!(errors, [Some(11), None, Some(11)]);
    }

    #[test]
    fn between_two_frames_is_where_one_has_ended_whole() {
        let mut frames = Frames::default();
        for (piece, between) in [(&[0, 0, 2, 0][..], false), (&[0, 0, 0, 0, 1, 7], false), (&[7], true)] {
            frames.push(piece, |_| {});
            assert_eq!(frames.is_between(), between);
        }
    }
}
