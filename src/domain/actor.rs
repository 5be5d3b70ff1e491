//! Who brings something about: the engine by its rules, or a person by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A person who decides, by the name that person goes by and by the account that the system knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    name: String,
    os_user: String,
}

/// A name that cannot be put beside a decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be signed with: a name has 1 to 60 characters, none of them a bracket or a control character")]
pub struct PersonError(String);

impl Person {
    /// Checks both names.
    ///
    /// # Errors
    ///
    /// When one of them is empty, longer than 60 characters, or has a bracket or a control character.
    pub fn new(name: &str, os_user: &str) -> Result<Self, PersonError> {
        let clean = |text: &str| {
            let text = text.trim();
            let bad = |c: char| c.is_control() || matches!(c, '(' | ')');
            if text.is_empty() || text.chars().count() > 60 || text.chars().any(bad) {
                return Err(PersonError(text.chars().take(60).flat_map(char::escape_default).collect()));
            }
            Ok(text.to_owned())
        };
        Ok(Self { name: clean(name)?, os_user: clean(os_user)? })
    }

    /// The name that the person goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account of the operating system.
    pub fn os_user(&self) -> &str {
        &self.os_user
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
            Self::Person(person) => write!(f, "{} (os: {})", person.name, person.os_user),
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
        let (name, os_user) = parts.ok_or_else(|| PersonError(text.chars().take(60).collect()))?;
        Person::new(name, os_user).map(Self::Person)
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
        for bad in ["", "Ada", "Ada (os: )", "(os: x)", "A\u{1b} (os: a)", "A) (os: b)"] {
            assert!(bad.parse::<Actor>().is_err(), "{bad}");
        }
    }
}
