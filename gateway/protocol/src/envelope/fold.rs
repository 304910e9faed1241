//! Names that only a reader which ignores case takes for each other.

/// Whether a reader that ignores case could take `one` for `other`; equal names included.
///
/// Go's encoding/json, .NET and Jackson can be set to ignore case, or do unless told otherwise, each with a folding of
/// its own. This one is wider than all of them: what they take for the same is the same here.
pub(super) fn alike(one: &str, other: &str) -> bool {
    // Nearly every pair of names ends at the lengths.
    one.eq_ignore_ascii_case(other) || (!(one.is_ascii() && other.is_ascii()) && folded_alike(one, other))
}

fn folded_alike(one: &str, other: &str) -> bool {
    one.chars().flat_map(folded).eq(other.chars().flat_map(folded))
}

/// Upper case and back: `ſ` becomes `s` and the Kelvin sign `k`, as in the simple case folding of Unicode. What upper
/// case does not bring together follows: the capital `ẞ`, the dot that is left of the capital `İ` in lower case, and the
/// fullwidth forms of ASCII, which a reader that normalises first (NFKC) takes for ASCII.
fn folded(character: char) -> impl Iterator<Item = char> {
    let plain = match character {
        'ẞ' => 'ß',
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(character).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(character)
        }
        other => other,
    };
    plain.to_uppercase().flat_map(char::to_lowercase).filter(|character| *character != '\u{307}')
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn names_that_differ_in_case_alone_are_alike() {
        for (one, other) in [
            ("method", "METHOD"),
            ("params", "paramſ"),
            ("task_k", "tas\u{212a}_\u{212a}"),
            ("uri", "URİ"),
            ("id", "ıd"),
            ("name", "ｎａｍｅ"),
            ("_meta", "＿ＭＥＴＡ"),
            ("größe", "GRÖSSE"),
            ("größe", "GRÖẞE"),
            ("i\u{307}d", "İD"),
            ("é", "É"),
        ] {
            assert!(alike(one, other) && alike(other, one) && alike(one, one), "{one} {other}");
        }
        for (one, other) in [("method", "methods"), ("name", "nаme"), ("uri", ""), ("params", "pa rams")] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn every_character_is_alike_to_its_other_cases() {
        for character in ('\0'..=char::MAX).map(String::from) {
            for case in [character.to_lowercase(), character.to_uppercase()] {
                assert!(alike(&character, &case), "{character:?} {case:?}");
            }
        }
    }
}
