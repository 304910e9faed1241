//! The brackets a scanner has seen opened and not yet closed.

/// The first 64 take a bit each, so that only what is nested more deeply than any document worth reading allocates.
#[derive(Default)]
pub(super) struct Open {
    depth: usize,
    /// Set for an object, from the outermost bracket in the lowest bit.
    near: u64,
    far: Vec<u8>,
}

impl Open {
    pub(super) fn len(&self) -> usize {
        self.depth
    }

    /// `close` is what ends the container: `}` or `]`.
    pub(super) fn push(&mut self, close: u8) {
        match bit(self.depth) {
            Some(bit) if close == b'}' => self.near |= bit,
            Some(bit) => self.near &= !bit,
            None => self.far.push(close),
        }
        self.depth += 1;
    }

    /// What ends the innermost container.
    pub(super) fn last(&self) -> Option<u8> {
        match bit(self.depth.checked_sub(1)?) {
            Some(bit) if self.near & bit != 0 => Some(b'}'),
            Some(_) => Some(b']'),
            None => self.far.last().copied(),
        }
    }

    pub(super) fn pop(&mut self) {
        self.far.pop();
        self.depth = self.depth.saturating_sub(1);
    }
}

fn bit(depth: usize) -> Option<u64> {
    1u64.checked_shl(u32::try_from(depth).ok()?)
}

#[cfg(test)]
mod tests {
    use super::Open;

    #[test]
    fn brackets_come_back_in_the_reverse_order_at_any_depth() {
        let mut open = Open::default();
        for round in 0..3 {
            let bracket = |at: u8| if at % 3 == round { b'}' } else { b']' };
            let brackets: Vec<u8> = (0..200).map(bracket).collect();
            brackets.iter().for_each(|close| open.push(*close));
            assert_eq!(open.len(), 200, "round {round}");
            for close in brackets.iter().rev() {
                assert_eq!(open.last(), Some(*close));
                open.pop();
            }
            assert_eq!((open.last(), open.len()), (None, 0));
        }
    }
}
