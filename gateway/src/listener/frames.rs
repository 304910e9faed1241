//! The frames of a connection of HTTP/2, counted as they pass: a client may send some that carry nothing, and many of them only
//! in proportion to those that do. The library of HTTP/2 bounds requests that are reset and what is malformed, and answers or
//! skips the rest for as long as it comes.

use tokio::time::Instant;
use tollgate_protocol::http2::{self, CONTINUATION, DATA, Frame, GOAWAY, HEADERS};

/// Frames that carry nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, empty DATA, unknown types) that a client may
/// send at once. No configuration has it, for it is no matter of taste: clients that are known to send many, such as those that
/// give back the window for every 4 KiB they have read, are far below it, and a gateway works through so many in 10 ms.
const AT_ONCE: u32 = 10_000;

/// And in a second, for as long as it lasts.
const A_SECOND: f64 = 1_000.0;

/// Further ones for each frame, of either side, that carries something; and for each so many bytes that it carries.
const FOR_EACH: u32 = 4;
const FOR_BYTES: u32 = 1024;

/// Errors of a GOAWAY that are the client's (RFC 9113 §7): PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED,
/// FRAME_SIZE_ERROR, COMPRESSION_ERROR and ENHANCE_YOUR_CALM. The others are of the gateway's own or of single streams.
const CLIENTS_ERRORS: [u32; 6] = [1, 3, 5, 6, 9, 11];

/// What the other side is told before it is cut off: GOAWAY (RFC 9113 §6.8) with ENHANCE_YOUR_CALM, but for the last stream.
const CALM: [u8; 17] = [0, 0, 8, GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];

/// Both directions of one connection.
#[derive(Debug)]
pub struct Frames {
    from_client: http2::Frames,
    to_client: http2::Frames,
    /// Frames without anything in them that the client may still send.
    allowance: u32,
    /// Up to when what time allows was added to it.
    counted_to: Instant,
    last_stream: u32,
}

impl Frames {
    pub fn new(now: Instant) -> Frames {
        Frames {
            from_client: http2::Frames::of_client(),
            to_client: http2::Frames::default(),
            allowance: AT_ONCE,
            counted_to: now,
            last_stream: 0,
        }
    }

    /// Bytes of the client have arrived: whether it may go on. The clock is looked at when the allowance is used up.
    pub fn received(&mut self, bytes: &[u8], now: impl Fn() -> Instant) -> bool {
        let Frames { from_client, allowance, counted_to, last_stream, .. } = self;
        let mut may_go_on = true;
        from_client.push(bytes, |frame| {
            if let Some(more) = carried(frame) {
                *allowance = (*allowance + more).min(AT_ONCE);
                *last_stream = frame.stream.max(*last_stream);
                return;
            }
            if *allowance == 0 {
                *allowance = allowed_since(counted_to, now());
            }
            may_go_on &= *allowance > 0;
            *allowance = allowance.saturating_sub(1);
        });
        may_go_on
    }

    /// Bytes have been sent: whether the connection is being ended for something the client got wrong.
    pub fn sent(&mut self, bytes: &[u8]) -> bool {
        let Frames { to_client, allowance, .. } = self;
        let mut ends = false;
        to_client.push(bytes, |frame| {
            *allowance = (*allowance + carried(frame).unwrap_or_default()).min(AT_ONCE);
            ends |= frame.error.is_some_and(|error| CLIENTS_ERRORS.contains(&error));
        });
        ends
    }

    /// What can be sent to end the connection, if there is no frame that it would fall into.
    pub fn farewell(&self) -> Option<[u8; 17]> {
        let mut farewell = CALM;
        farewell[9..13].copy_from_slice(&self.last_stream.to_be_bytes());
        self.to_client.is_between().then_some(farewell)
    }
}

/// How many frames that carry nothing go with this one, if it carries something.
fn carried(frame: Frame) -> Option<u32> {
    let carries = match frame.kind {
        HEADERS => true,
        DATA | CONTINUATION => frame.length > 0,
        _ => false,
    };
    carries.then(|| FOR_EACH + frame.length / FOR_BYTES)
}

/// What the time since the last count allows, which is counted from now on.
fn allowed_since(counted_to: &mut Instant, now: Instant) -> u32 {
    let passed = now.saturating_duration_since(*counted_to);
    *counted_to = now;
    (passed.as_secs_f64() * A_SECOND).min(f64::from(AT_ONCE)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const WINDOW_UPDATE: [u8; 13] = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];

    /// Of a client that has begun.
    fn frames(now: Instant) -> Frames {
        let mut frames = Frames::new(now);
        assert!(frames.received(http2::PREFACE, || now));
        frames
    }

    /// How many of this frame the client may send before it is too many, of so many that are tried.
    fn taken(frames: &mut Frames, frame: &[u8], of: u32, now: Instant) -> u32 {
        (0..of).find(|_| !frames.received(frame, || now)).unwrap_or(of)
    }

    fn data(length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut frame = vec![0, high, low, DATA, 0, 0, 0, 0, 1];
        frame.resize(frame.len() + usize::from(length), b'x');
        frame
    }

    #[test]
    fn frames_that_carry_nothing_are_too_many_after_so_many_at_once() {
        let now = Instant::now();
        for frame in [&PING[..], &WINDOW_UPDATE, &data(0), &[0, 0, 0, 0x42, 0, 0, 0, 0, 0]] {
            assert_eq!(taken(&mut frames(now), frame, 2 * AT_ONCE, now), AT_ONCE);
        }
    }

    #[test]
    fn a_client_that_takes_its_time_may_send_them_for_ever() {
        let (mut now, mut frames) = (Instant::now(), frames(Instant::now()));
        for _ in 0..100 {
            assert_eq!(taken(&mut frames, &PING, 900, now), 900);
            now += Duration::from_secs(1);
        }
        assert!(taken(&mut frames, &PING, 2 * AT_ONCE, now) <= AT_ONCE, "what was not used does not add up");
    }

    #[test]
    fn a_window_may_be_given_back_in_small_parts_for_all_that_was_sent() {
        let (now, answer) = (Instant::now(), data(16_384));
        let mut frames = frames(now);
        for _ in 0..10_000 {
            assert!(!frames.sent(&answer));
            // Of the stream and of the connection, for each 4 KiB.
            assert_eq!(taken(&mut frames, &WINDOW_UPDATE, 8, now), 8);
        }
    }

    #[test]
    fn content_and_requests_are_never_too_many() {
        let (now, content) = (Instant::now(), data(1));
        let head = [0, 0, 1, HEADERS, 5, 0, 0, 0, 1, 0x82];
        let mut frames = frames(now);
        assert_eq!(taken(&mut frames, &[&content[..], &head].concat(), 3 * AT_ONCE, now), 3 * AT_ONCE);
    }

    #[test]
    fn a_connection_ends_for_a_mistake_of_its_client_or_for_none() {
        for error in 0..16 {
            let is_the_clients = matches!(error, 1 | 3 | 5 | 6 | 9 | 11);
            let mut goaway = CALM;
            goaway[16] = error;
            assert_eq!(frames(Instant::now()).sent(&goaway), is_the_clients, "error {error}");
        }
    }

    #[test]
    fn the_farewell_names_the_last_stream_and_falls_into_no_frame() {
        let now = Instant::now();
        let mut frames = frames(now);
        assert!(frames.received(&[0, 0, 1, HEADERS, 5, 0, 0, 1, 3, 0x82], || now));
        let farewell = frames.farewell().expect("no frame has begun");
        assert_eq!(farewell[..13], [0, 0, 8, GOAWAY, 0, 0, 0, 0, 0, 0, 0, 1, 3]);
        assert!(!frames.sent(&data(5)[..11]));
        assert_eq!(frames.farewell(), None);
    }
}
