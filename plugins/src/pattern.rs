//! Names with `*` in them.

/// A name, in which `*` stands for any characters or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Pattern {
    pub fn parse(text: &str) -> Pattern {
        Pattern(text.split('*').map(str::to_owned).collect())
    }

    /// As it was written.
    pub fn text(&self) -> String {
        self.0.join("*")
    }

    pub fn fits(&self, name: &str) -> bool {
        let (Some((first, rest)), Some(last)) = (self.0.split_first(), self.0.last()) else { return false };
        let Some(mut name) = name.strip_prefix(first.as_str()) else { return false };
        let Some((_, between)) = rest.split_last() else { return name.is_empty() };
        // The first place at which a part fits leaves most to those after it.
        for part in between {
            let Some(at) = name.find(part.as_str()) else { return false };
            name = name.get(at + part.len()..).unwrap_or_default();
        }
        name.ends_with(last.as_str())
    }

    /// Whether it fits some name that begins like this.
    pub fn may_fit_from(&self, start: &str) -> bool {
        let first = self.0.first().map(String::as_str).unwrap_or_default();
        match self.0.len() {
            1 => first.starts_with(start),
            _ => first.starts_with(start) || start.starts_with(first),
        }
    }

    /// Whether it fits every name that begins like this.
    pub fn fits_all_from(&self, start: &str) -> bool {
        self.0.last().is_some_and(String::is_empty) && self.fits(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_may_lead_to_a_name_that_fits_or_only_to_such() {
        for (pattern, start, some, all) in [
            ("file:///a/*", "file:///", true, false),
            ("file:///a/*", "file:///a/", true, true),
            ("file:///a/*", "file:///a/b", true, true),
            ("file:///a/*", "file:///b", false, false),
            ("file:///a/x", "file:///a/", true, false),
            ("file:///a/x", "file:///a/xy", false, false),
            ("*.txt", "file:///", true, false),
            ("*", "", true, true),
            ("a*b*", "axb", true, true),
            ("a*b*", "ax", true, false),
        ] {
            let parsed = Pattern::parse(pattern);
            assert_eq!(
                (parsed.may_fit_from(start), parsed.fits_all_from(start)),
                (some, all),
                "{pattern} {start}"
            );
        }
    }

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (pattern, fits, does_not) in [
            ("write_file", vec!["write_file"], vec!["write_files", "xwrite_file", ""]),
            ("write_*", vec!["write_", "write_file"], vec!["write", "rewrite_file"]),
            ("*_file", vec!["_file", "write_file"], vec!["write_file_"]),
            ("a*b*c", vec!["abc", "axbxbc", "abbcc"], vec!["ac", "acb", "abcd"]),
            ("*", vec!["", "x"], vec![]),
            ("ab*ba", vec!["abba", "ab-ba"], vec!["aba"]),
        ] {
            let pattern = Pattern::parse(pattern);
            assert!(fits.iter().all(|name| pattern.fits(name)), "{pattern:?} {fits:?}");
            assert!(!does_not.iter().any(|name| pattern.fits(name)), "{pattern:?} {does_not:?}");
        }
    }
}
