//! Names of people: what one may look like, and when two are one.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::{PersonError, shown};
use crate::domain::plain::is_hidden;

/// The most characters of a name.
const LONGEST: usize = 60;

/// Who acts where no name was given or set: it can be asked for what is no decision.
pub const UNNAMED: &str = "unnamed";

/// Names that the program signs with.
const RESERVED: [&str; 4] = ["engine", "rehearsal", "greenroom", UNNAMED];

/// A name as a person signs with it: in the usual characters, with single spaces.
///
/// # Errors
///
/// When it says nothing, is too long, has characters that nobody sees or that a record uses, is an account's number, or is
/// one that the program signs with.
pub fn signer_name(text: &str) -> Result<String, PersonError> {
    let invalid = || Err(PersonError::invalid(text));
    if text.chars().any(|c| (c.is_control() && !c.is_whitespace()) || is_hidden(c)) {
        return invalid();
    }
    let name = text.nfkc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let is_long = name.chars().count() > LONGEST;
    if is_long || !name.chars().any(char::is_alphabetic) || name.contains(['(', ')']) || name.chars().any(is_hidden) {
        return invalid();
    }
    let is_number = name.to_lowercase().strip_prefix("uid ").is_some_and(|uid| uid.parse::<u32>().is_ok());
    if is_number {
        return invalid();
    }
    match RESERVED.iter().any(|reserved| same_name(reserved, &name)) {
        true => Err(PersonError::Reserved(shown(text))),
        false => Ok(name),
    }
}

/// Whether two names are one to a reader: whatever their case, their spaces, and letters that look alike.
pub fn same_name(one: &str, other: &str) -> bool {
    let (one, other) = (looks(one), looks(other));
    one.iter().any(|look| other.contains(look))
}

/// What a name looks like, in small letters and as it is written: a small `l` is a large `I` in the second alone.
fn looks(name: &str) -> [String; 2] {
    let plain: String = name.nfkc().filter(|c| !is_hidden(*c) && !c.is_control() && !c.is_whitespace()).collect();
    let small: String = plain.to_lowercase();
    [skeleton(&small).collect(), skeleton(&plain).collect::<String>().to_lowercase()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_in_the_usual_characters() {
        assert_eq!(signer_name("  Ada \u{a0} Lovelace ").unwrap(), "Ada Lovelace");
        assert_eq!(signer_name("Ａｄａ").unwrap(), "Ada");
        for name in ["Zoë", "李小龙", "O’Brien-Smith", "Анна"] {
            assert_eq!(signer_name(name).unwrap(), name.nfkc().collect::<String>());
        }
    }

    #[test]
    fn what_nobody_sees_and_what_the_program_signs_with_is_no_name() {
        for bad in
            ["", " ", "12", "uid 0", "UID 7", "Ad\u{200b}a", "\u{202e}adA", "A\u{1b}da", "Ada (os: x)", &"a".repeat(61)]
        {
            assert!(matches!(signer_name(bad), Err(PersonError::Invalid(_))), "{bad:?}");
        }
        for bad in [
            "engine",
            "Engine",
            "ENGINE ",
            "en gine",
            "\u{435}ngin\u{435}",
            "ｅｎｇｉｎｅ",
            "rehearsal",
            "eng\u{456}ne",
        ] {
            assert!(matches!(signer_name(bad), Err(PersonError::Reserved(_))), "{bad:?}");
        }
    }

    #[test]
    fn two_spellings_of_a_name_are_one_name() {
        for (one, other) in [
            ("Ada", "ada"),
            ("Ada", "\u{410}d\u{430}"),
            ("Ada Lovelace", "AdaLovelace"),
            ("Ian", "lan"),
            ("Zoe\u{308}", "Zoë"),
            ("Ada", "Ad\u{200d}a"),
        ] {
            assert!(same_name(one, other), "{one} {other:?}");
        }
        for (one, other) in [("Ada", "Adam"), ("Zoë", "Zoe"), ("Bob", "Rob")] {
            assert!(!same_name(one, other), "{one} {other}");
        }
    }
}
