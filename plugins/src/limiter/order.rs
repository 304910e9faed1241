//! In which order keys go: those whose longest window began first.

/// A ring of places, each of which can be moved to the end at once.
pub struct Order {
    /// The first is where the ring begins and ends; that of a place comes one later.
    links: Vec<Link>,
}

/// Indexes of links.
#[derive(Clone, Copy)]
struct Link {
    before: usize,
    after: usize,
}

impl Order {
    pub fn new() -> Order {
        Order { links: vec![Link { before: 0, after: 0 }] }
    }

    pub fn first(&self) -> Option<usize> {
        self.links[0].after.checked_sub(1)
    }

    /// A new place, at the end.
    pub fn push(&mut self) {
        let link = self.links.len();
        self.links.push(Link { before: link, after: link });
        self.append(link);
    }

    pub fn move_to_end(&mut self, place: usize) {
        let link = place + 1;
        let Link { before, after } = self.links[link];
        self.links[before].after = after;
        self.links[after].before = before;
        self.append(link);
    }

    fn append(&mut self, link: usize) {
        let last = self.links[0].before;
        self.links[link] = Link { before: last, after: 0 };
        self.links[last].after = link;
        self.links[0].before = link;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_one_that_was_not_moved_for_the_longest_time() {
        let mut order = Order::new();
        assert_eq!(order.first(), None);
        (0..3).for_each(|_| order.push());
        let mut firsts = Vec::new();
        for moved in [1, 0, 0, 2, 1, 0, 2] {
            order.move_to_end(moved);
            firsts.extend(order.first());
        }
        assert_eq!(firsts, [0, 2, 2, 1, 0, 2, 1]);
    }
}
