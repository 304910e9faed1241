//! "Did you mean": the known word nearest to an unknown one.

/// The known word that `given` most likely stands for: at most two typing errors away (a letter added, left out,
/// replaced, or two swapped; one for a word of up to four letters), or the beginning or an extension of it.
pub fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let given = given.to_ascii_lowercase().replace('-', "_");
    let allowed = if given.len() <= 4 { 1 } else { 2 };
    let by_distance = known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&given, word), *word))
        .filter(|(distance, _)| *distance <= allowed)
        .min();
    let by_prefix = || {
        let related =
            |word: &&&str| given.len() >= 3 && (word.starts_with(&given) || given.starts_with(**word));
        known.iter().find(related).copied()
    };
    by_distance.map(|(_, word)| word).or_else(by_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["name", "hosts", "path", "endpoints", "upstream", "plans"];

    #[test]
    fn a_typing_error_or_a_cut_word_finds_the_key() {
        for (given, meant) in [
            ("endpoint", "endpoints"),
            ("endponits", "endpoints"),
            ("Name", "name"),
            ("upstreams", "upstream"),
            ("host", "hosts"),
            ("pth", "path"),
            ("end", "endpoints"),
        ] {
            assert_eq!(nearest(given, KEYS), Some(meant), "for {given}");
        }
    }

    #[test]
    fn a_word_that_is_merely_short_finds_nothing() {
        for given in ["url", "x", "pl", "timeout", "port"] {
            assert_eq!(nearest(given, KEYS), None, "for {given}");
        }
    }
}
