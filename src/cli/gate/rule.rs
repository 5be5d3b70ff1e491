//! Rulings and ways as they are written on a command line: `D1=waive:"known, and said so in the line after"`.
//!
//! Not for whether a ruling is in order: the studio decides that, and records a refusal.

use std::str::FromStr;

use crate::cli::fault::CliError;
use crate::domain::event::{ItemRuling, Ruled, Way};

/// A ruling of an open item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleArg(Ruled);

impl FromStr for RuleArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is ITEM=fix, ITEM=waive:REASON or ITEM=not-a-fault:REASON, with ITEM as `gate show` prints it";
        // An item may have a colon in its name, a ruling has none.
        let (item, rest) = text.split_once('=').ok_or_else(|| form.to_owned())?;
        let (word, reason) = rest.split_once(':').unwrap_or((rest, ""));
        let ruling = match word.trim() {
            "fix" => ItemRuling::Fix,
            "waive" => ItemRuling::Waive,
            "not-a-fault" => ItemRuling::NotAFault,
            _ => return Err(form.to_owned()),
        };
        let (item, reason) = (item.trim(), reason.trim());
        if item.is_empty() {
            return Err(form.to_owned());
        }
        if ruling.needs_reason() && reason.is_empty() {
            return Err(format!("{item} is {}: say why, as in {item}={}:REASON", ruling.words(), word.trim()));
        }
        Ok(Self(Ruled { item: item.to_owned(), ruling, reason: reason.to_owned() }))
    }
}

/// The rulings, one for each item.
pub(super) fn rulings(rules: &[RuleArg]) -> Result<Vec<Ruled>, CliError> {
    let rulings: Vec<Ruled> = rules.iter().map(|rule| rule.0.clone()).collect();
    let twice =
        rulings.iter().enumerate().find(|(at, ruled)| rulings.iter().skip(at + 1).any(|r| r.item == ruled.item));
    match twice {
        Some((_, ruled)) => {
            let item = ruled.item.escape_debug();
            Err(CliError::Usage(format!(
                "`{item}` is ruled twice: give --rule once for each item. Nothing was decided"
            )))
        }
        None => Ok(rulings),
    }
}

/// How something is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WayArg(pub(super) Way);

impl FromStr for WayArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Way::ALL.into_iter().find(|way| way.name().replace('_', "-") == text);
        named.map(Self).ok_or_else(|| "there are author, peer, red-team and plan".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ruling_is_an_item_a_word_and_a_reason() {
        let read = |text: &str| text.parse::<RuleArg>().map(|rule| (rule.0.item, rule.0.ruling, rule.0.reason));
        assert_eq!(read("D1=fix"), Ok(("D1".into(), ItemRuling::Fix, String::new())));
        assert_eq!(
            read("D2 = waive: as in 1966: known"),
            Ok(("D2".into(), ItemRuling::Waive, "as in 1966: known".into()))
        );
        let canary = Ok(("canary:judge_a".into(), ItemRuling::NotAFault, "read it".into()));
        assert_eq!(read("canary:judge_a=not-a-fault:read it"), canary);
        for bad in ["D1", "D1=", "D1=keep:x", "=fix", "D1=waive", "D1=waive: ", "D1=not_a_fault:x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let twice: Vec<RuleArg> = ["D1=fix", "D2=fix", "D1=waive:x"].map(|text| text.parse().unwrap()).into();
        assert_eq!(rulings(&twice).unwrap_err().code(), 2);
        assert_eq!(rulings(&twice[..2]).unwrap().len(), 2);
    }

    #[test]
    fn a_way_has_its_name() {
        assert_eq!("red-team".parse(), Ok(WayArg(Way::RedTeam)));
        assert!("red_team".parse::<WayArg>().is_err());
    }
}
