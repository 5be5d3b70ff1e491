//! The rubric's file: read whole, with all its faults. Not for what a rubric is: that is `domain::gate`.

use std::path::Path;

use super::fault::{Faults, LoadError, read_if_there};
use super::reader::{Document, Section};
use crate::domain::gate::{DimensionRule, Rubric};
use crate::domain::handoff::{Dimension, Points};

/// The most times that a judge is asked the same.
const MOST_TIMES: u64 = 9;

/// Reads a rubric: every dimension once, each with its floor and its levels.
///
/// # Errors
///
/// All faults of the file, each with its place.
pub fn parse(file: &str, source: &str) -> Result<Rubric, Faults> {
    let document = Document::new(file, source);
    let table = document.parse();
    let root = Section::root(&document, &table);
    let schema = root.schema();
    let version = root.need("version", Section::words);
    let sections = root.sections("dimension").unwrap_or_default();
    let rules: Vec<Option<DimensionRule>> = sections.iter().map(rule).collect();
    for dimension in Dimension::ALL {
        let count = rules.iter().flatten().filter(|rule| rule.dimension == dimension).count();
        if count != 1 && rules.iter().all(Option::is_some) {
            let name = dimension.name();
            root.fault_at("dimension", format!("`{name}` stands {count} times under `[[dimension]]`; it stands once"));
        }
    }
    root.close();
    let rules = rules.into_iter().collect::<Option<Vec<_>>>();
    let whole = schema.zip(version).zip(rules).map(|((_, version), rules)| Rubric { version, rules });
    document.finish(whole)
}

/// The rubric of a studio: `<config>/rubric.toml` where it is, else the one compiled in.
///
/// # Errors
///
/// When the file cannot be read, or all its faults.
pub fn load(config: &Path, built_in: &str) -> Result<Rubric, LoadError> {
    let path = config.join("rubric.toml");
    match read_if_there(&path)? {
        Some(source) => Ok(parse(&path.display().to_string(), &source)?),
        None => Ok(parse("built-in rubric", built_in)?),
    }
}

fn rule(section: &Section<'_, '_>) -> Option<DimensionRule> {
    let names: Vec<(&'static str, Dimension)> = Dimension::ALL.iter().map(|d| (d.name(), *d)).collect();
    let dimension = section.need("name", |s, key| s.choice(key, &names));
    let points = |key: &'static str| {
        let number = section.need(key, |s, key| s.whole(key, 1..=5))?;
        u8::try_from(number).ok().and_then(|number| Points::new(number).ok())
    };
    let floor = points("floor");
    let group = section.need("group", Section::words);
    let times = section.need("times", |s, key| s.whole(key, 1..=MOST_TIMES));
    let levels = ["one", "two", "three", "four", "five"].map(|key| section.need(key, Section::words));
    section.close();
    let [one, two, three, four, five] = levels;
    Some(DimensionRule {
        dimension: dimension?,
        floor: floor?,
        group: group?,
        times: u8::try_from(times?).ok()?,
        anchors: [one?, two?, three?, four?, five?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = include_str!("../../assets/rubric.toml");

    #[test]
    fn the_shipped_rubric_has_every_dimension_and_asks_grave_ones_three_times() {
        let rubric = parse("rubric.toml", BUILT_IN).unwrap();
        assert_eq!(rubric.rules.len(), 8);
        for rule in &rubric.rules {
            let (floor, times) = if rule.dimension.is_grave() {
                (4, 3)
            } else if rule.dimension == Dimension::BrandVoice {
                (4, 1)
            } else {
                (3, 1)
            };
            assert_eq!((rule.floor.get(), rule.times), (floor, times), "{:?}", rule.dimension);
        }
        assert_eq!(rubric.sittings().len(), 5, "facts three times, voice and shape once");
    }

    #[test]
    fn a_dimension_that_is_missing_or_a_floor_off_the_scale_is_told_with_its_line() {
        let without = BUILT_IN.replacen("name = \"hook\"", "name = \"pacing\"", 1);
        let told = parse("rubric.toml", &without).unwrap_err().to_string();
        assert!(told.contains("`hook` stands 0 times") && told.contains("`pacing` stands 2 times"), "{told}");
        let high = BUILT_IN.replacen("floor = 4", "floor = 6", 1);
        let told = parse("rubric.toml", &high).unwrap_err().to_string();
        assert!(told.contains("rubric.toml:11:"), "{told}");
    }
}
