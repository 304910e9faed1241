//! Whether a stream stands between two events, where something may be put in without being taken for a part of one.

/// Follows a stream by its last bytes alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct BetweenEvents {
    /// The last three bytes, the last one first; 0 before the first.
    last: [u8; 3],
}

impl BetweenEvents {
    /// A piece of the stream has passed. Says whether it ended with the blank line that ends an event (WHATWG HTML
    /// §9.2.6: lines end in LF, CR or both), or nothing has passed yet.
    pub fn pass(&mut self, piece: &[u8]) -> bool {
        for byte in piece.iter().rev().take(3).rev() {
            self.last = [*byte, self.last[0], self.last[1]];
        }
        matches!(self.last, [0, 0, 0] | [b'\n', b'\n', _] | [b'\r', b'\r', _] | [b'\n', b'\r', b'\n'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_stands_between_events_at_its_start_and_after_each_blank_line() {
        for text in ["", "data: a\n\n", "data: a\r\n\r\n", "data: a\r\r", ": comment\n\n", "\n\n"] {
            assert!(BetweenEvents::default().pass(text.as_bytes()), "{text:?}");
        }
        for text in ["data: a", "data: a\n", "data: a\r\n", "data: a\n\nid", "d", "\r\n"] {
            assert!(!BetweenEvents::default().pass(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn it_makes_no_difference_where_a_stream_is_cut_into_pieces() {
        for text in ["data: a\r\n\r\n", "data: a\n\n", "data: a\n"] {
            for middle in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(middle);
                let mut stream = BetweenEvents::default();
                stream.pass(first);
                assert_eq!(stream.pass(second), BetweenEvents::default().pass(text.as_bytes()), "{text:?}");
            }
        }
    }
}
