//! The names an object has had so far.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Few names are compared with each other, which costs no allocation; a hostile object may have a hundred thousand.
const FEW: usize = 16;

#[derive(Default)]
pub(super) struct Names<'b> {
    first: [&'b str; FEW],
    held: usize,
    more: BTreeSet<Cow<'b, str>>,
}

impl<'b> Names<'b> {
    /// Remembers a name; false where the object has had it before.
    pub(super) fn insert(&mut self, name: Cow<'b, str>) -> bool {
        let (held, free) = self.first.split_at_mut(self.held);
        if held.contains(&name.as_ref()) || self.more.contains(&name) {
            return false;
        }
        match (name, free.first_mut()) {
            (Cow::Borrowed(name), Some(free)) => {
                *free = name;
                self.held += 1;
                true
            }
            (name, _) => self.more.insert(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_new_once_however_many_there_are() {
        let texts: Vec<String> = (0..100).map(|at| format!("n{at}")).collect();
        let mut names = Names::default();
        for (at, text) in texts.iter().enumerate() {
            let name = if at % 3 == 0 { Cow::Owned(text.clone()) } else { Cow::Borrowed(text.as_str()) };
            assert!(names.insert(name), "{text}");
        }
        for text in &texts {
            assert!(!names.insert(Cow::Borrowed(text)) && !names.insert(Cow::Owned(text.clone())), "{text}");
        }
        assert!(names.insert(Cow::Borrowed("")));
        assert!(!names.insert(Cow::Borrowed("")));
    }
}
