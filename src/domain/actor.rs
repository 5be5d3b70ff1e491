//! Who brings something about: the engine by its rules, or a person by name.

mod names;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::names::{UNNAMED, same_name, signer_name};

/// A person who decides: the name that person goes by, the account that the system knows, and what proves the name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    name: String,
    os_user: String,
    /// The number of the account, which nobody can choose. Decisions of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    /// Whether the person gave the secret that is kept for the name.
    #[serde(default)]
    is_proven: bool,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("Person");
        told.field("name", &self.name).field("os_user", &self.os_user);
        if let Some(uid) = self.uid_beside_name() {
            told.field("uid", &uid);
        }
        if self.is_proven {
            told.field("is_proven", &true);
        }
        told.finish()
    }
}

/// A name that cannot be put beside a decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// Nothing can be signed with it.
    #[error(
        "`{0}` is not a valid signer name: a name has 1 to 60 characters, at least one letter among them, and no bracket, no \
         control character and none that is not seen"
    )]
    Invalid(String),
    /// It is, or looks like, a name that the program itself signs with.
    #[error("`{0}` cannot be a person's name: the program signs with it, or it looks as if it did. Give another name")]
    Reserved(String),
}

impl PersonError {
    fn invalid(text: &str) -> Self {
        Self::Invalid(shown(text))
    }
}

/// The start of a text, with everything in it visible.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_default).collect()
}

impl Person {
    /// A person as a decision on record names one. What a new decision is signed with passes [`signer_name`] before.
    ///
    /// # Errors
    ///
    /// When one of the names is empty, longer than 60 characters, or has a bracket or a control character.
    pub fn new(name: &str, os_user: &str) -> Result<Self, PersonError> {
        let clean = |text: &str| {
            let text = text.trim();
            let bad = |c: char| c.is_control() || matches!(c, '(' | ')');
            if text.is_empty() || text.chars().count() > 60 || text.chars().any(bad) {
                return Err(PersonError::invalid(text));
            }
            Ok(text.to_owned())
        };
        let (name, os_user) = (clean(name)?, clean(os_user)?);
        let uid = os_user.strip_prefix("uid ").and_then(|uid| uid.parse().ok());
        Ok(Self { name, os_user, uid, is_proven: false })
    }

    /// The same person, acting from the account of this number.
    #[must_use]
    pub fn of_account(self, uid: u32) -> Self {
        Self { uid: Some(uid), ..self }
    }

    /// The same person, who gave the secret that is kept for the name.
    #[must_use]
    pub fn proven(self) -> Self {
        Self { is_proven: true, ..self }
    }

    /// The name that the person goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account of the operating system, as it calls itself.
    pub fn os_user(&self) -> &str {
        &self.os_user
    }

    /// The number of the account, where it is on record.
    pub fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// The number of the account where its name is not that number.
    fn uid_beside_name(&self) -> Option<u32> {
        let named = self.os_user.strip_prefix("uid ").and_then(|uid| uid.parse().ok());
        self.uid.filter(|uid| named != Some(*uid))
    }

    /// Whether the person gave the secret that is kept for the name.
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// What stands behind the name, in words.
    pub fn proof(&self) -> &'static str {
        if self.is_proven { "secret of their own" } else { "account" }
    }
}

/// What shows that a second person is not the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondProof {
    /// They act from different accounts of this machine.
    OtherAccount,
    /// They share an account, and each gave a secret of their own.
    OwnSecrets,
}

impl SecondProof {
    /// In words, behind "proven by".
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherAccount => "another account of this machine",
            Self::OwnSecrets => "a secret of their own, on one shared account",
        }
    }
}

/// Whether the second is another person than the first, and what shows it. A name alone shows nothing.
///
/// # Errors
///
/// When it is not shown: what is missing, and what would show it.
pub fn second_person(first: &Actor, second: &Actor) -> Result<SecondProof, &'static str> {
    let (Actor::Person(first), Actor::Person(second)) = (first, second) else {
        return Err("a person must confirm it, and the engine is none");
    };
    if same_name(&first.name, &second.name) {
        return Err("you proposed this override, and a second person must confirm it");
    }
    match (first.uid, second.uid) {
        (Some(first), Some(second)) if first != second => Ok(SecondProof::OtherAccount),
        _ if first.is_proven && second.is_proven => Ok(SecondProof::OwnSecrets),
        _ => Err(
            "another name on the same account is no second person: confirm it from another account of this machine, or \
             where you share one, let both of you sign with a secret of your own (`greenroom person secret --as NAME` keeps \
             one), the one who proposes too",
        ),
    }
}

/// Who brought something about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// The engine, by its rules.
    Engine,
    /// A person.
    Person(Person),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.write_str("engine"),
            Self::Person(person) => {
                write!(f, "{} (os: {}", person.name, person.os_user)?;
                if let Some(uid) = person.uid_beside_name() {
                    write!(f, ", uid {uid}")?;
                }
                f.write_str(if person.is_proven { ", own secret)" } else { ")" })
            }
        }
    }
}

impl FromStr for Actor {
    type Err = PersonError;

    fn from_str(text: &str) -> Result<Self, PersonError> {
        if text == "engine" {
            return Ok(Self::Engine);
        }
        let parts = text.strip_suffix(')').and_then(|rest| rest.split_once(" (os: "));
        let (name, account) = parts.ok_or_else(|| PersonError::invalid(text))?;
        let (account, is_proven) = match account.strip_suffix(", own secret") {
            Some(account) => (account, true),
            None => (account, false),
        };
        let with_uid = account.rsplit_once(", uid ").and_then(|(user, uid)| Some((user, uid.parse::<u32>().ok()?)));
        let person = match with_uid {
            Some((os_user, uid)) => Person::new(name, os_user)?.of_account(uid),
            None => Person::new(name, account)?,
        };
        Ok(Self::Person(if is_proven { person.proven() } else { person }))
    }
}

impl TryFrom<String> for Actor {
    type Error = PersonError;

    fn try_from(text: String) -> Result<Self, PersonError> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_its_text() {
        let ada = Actor::Person(Person::new(" Ada L. ", "ada").unwrap());
        assert_eq!(ada.to_string(), "Ada L. (os: ada)");
        assert_eq!(ada.to_string().parse(), Ok(ada));
        assert_eq!("engine".parse(), Ok(Actor::Engine));
        let ada = || Person::new("Ada", "ada").unwrap();
        for (person, text) in [
            (ada().of_account(7), "Ada (os: ada, uid 7)"),
            (ada().of_account(7).proven(), "Ada (os: ada, uid 7, own secret)"),
            (ada().proven(), "Ada (os: ada, own secret)"),
            (Person::new("Ada", "uid 0").unwrap().of_account(0), "Ada (os: uid 0)"),
        ] {
            let actor = Actor::Person(person);
            assert_eq!(actor.to_string(), text);
            assert_eq!(text.parse(), Ok(actor));
        }
        for bad in ["", "Ada", "Ada (os: )", "(os: x)", "A\u{1b} (os: a)", "A) (os: b)"] {
            assert!(bad.parse::<Actor>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_second_person_is_another_account_or_two_secrets_and_never_a_spelling() {
        let of = |name: &str, uid: u32| Person::new(name, "studio").unwrap().of_account(uid);
        let ask = |first: &Person, second: &Person| {
            second_person(&Actor::Person(first.clone()), &Actor::Person(second.clone()))
        };
        let ada = of("Ada", 7);
        for second in ["Ada", "ada", " ADA", "\u{410}da", "Ａｄａ", "A d a", "Bob"] {
            assert!(ask(&ada, &of(second, 7)).is_err(), "{second}");
        }
        assert!(ask(&ada, &of("ada", 8)).is_err(), "one person with two accounts");
        assert_eq!(ask(&ada, &of("Bob", 8)), Ok(SecondProof::OtherAccount));
        assert!(ask(&ada, &of("Bob", 7).proven()).is_err(), "who proposed gave no secret");
        assert!(ask(&ada.clone().proven(), &of("Bob", 7)).is_err());
        assert_eq!(ask(&ada.clone().proven(), &of("Bob", 7).proven()), Ok(SecondProof::OwnSecrets));
        // The account calls itself what it likes, and decisions of earlier versions have no number.
        let old = Person::new("Ada", "ada").unwrap();
        assert!(ask(&old, &Person::new("Bob", "bob").unwrap().of_account(8)).is_err());
        assert!(second_person(&Actor::Engine, &Actor::Person(ada)).is_err());
    }
}
