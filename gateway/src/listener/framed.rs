//! What there is to a connection of HTTP/2 beside its bytes: the frames in them, whose turn it is, and who is to blame for a
//! misuse. For one of HTTP/1.1 it is next to nothing.

use std::task::Context;

use tokio::time::Instant;

use super::connections::Owner;
use super::frames::Frames;
use super::refused::REFUSED;
use super::state::{ConnectionState, Phase};

/// What a connection may have read before the others on its thread get their turn. Frames can be as small as 9 bytes, and the
/// library of HTTP/2 goes on for as long as there are some.
const TURN: usize = 4 * 1024;

/// Of one connection.
#[derive(Debug)]
pub(super) struct Framed {
    /// TLS has agreed on HTTP/2.
    pub(super) is_agreed_on: bool,
    /// From the first byte on, once it is known to be HTTP/2.
    frames: Option<Box<Frames>>,
    /// Who is made to wait if the connection is misused.
    owner: Option<Owner>,
    /// Bytes read in this turn.
    turn: usize,
}

impl Framed {
    pub(super) fn new(is_agreed_on: bool, owner: Option<Owner>) -> Framed {
        Framed { is_agreed_on, frames: None, owner, turn: 0 }
    }

    /// Bytes of the client have arrived: whether it may go on. `None`: this is no HTTP/2.
    pub(super) fn received(&mut self, state: &ConnectionState, bytes: &[u8]) -> Option<bool> {
        let may_go_on = self.frames(state)?.received(bytes, Instant::now);
        self.turn += bytes.len();
        if !may_go_on {
            self.is_misused();
        }
        Some(may_go_on)
    }

    /// So many bytes have been sent, of the first of some. `false`: this is no HTTP/2.
    pub(super) fn sent<'bytes>(
        &mut self,
        state: &ConnectionState,
        mut bytes: usize,
        bufs: impl Iterator<Item = &'bytes [u8]>,
    ) -> bool {
        let Some(frames) = self.frames(state) else { return false };
        let ends = bufs.fold(false, |ends, buf| {
            let sent = buf.get(..bytes).unwrap_or(buf);
            bytes -= sent.len();
            frames.sent(sent) | ends
        });
        if ends {
            self.is_misused();
        }
        true
    }

    /// What can be sent to end the connection.
    pub(super) fn farewell(&self) -> Option<[u8; 17]> {
        self.frames.as_ref()?.farewell()
    }

    /// Whether the next read has to wait for the others' turn.
    pub(super) fn is_over_turn(&mut self, cx: &Context<'_>) -> bool {
        if self.turn < TURN {
            return false;
        }
        self.turn = 0;
        cx.waker().wake_by_ref();
        true
    }

    /// There is nothing to read, so that the others have theirs.
    pub(super) fn begin_turn(&mut self) {
        self.turn = 0;
    }

    fn frames(&mut self, state: &ConnectionState) -> Option<&mut Frames> {
        if self.frames.is_none() && (self.is_agreed_on || state.phase() == Phase::Http2) {
            self.frames = Some(Box::new(Frames::new(Instant::now())));
        }
        self.frames.as_deref_mut()
    }

    fn is_misused(&self) {
        REFUSED.http2_misused.note();
        if let Some(owner) = &self.owner {
            owner.misused(std::time::Instant::now());
        }
    }
}
