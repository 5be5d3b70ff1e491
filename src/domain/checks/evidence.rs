//! Figures and dates: each is held against the excerpts that its line cites, and a line that cites nothing states none.
//!
//! A figure is let pass where a reader would have to decide: small numbers of everyday talk, ages and sums worked out of
//! the source, a figure of an earlier claim said again. Not for whether an excerpt stands in its passage, which is a
//! matter of form.

use std::cell::OnceCell;

use super::numbers::{Figure, ONE, Unit, agrees, clashes, derived, figures, implied, rivals};
use super::text::{sentences, shown, words};
use super::units::Dimension;
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;
use crate::domain::research::Research;
use crate::domain::script::Line;

/// Figures up to this one are everyday talk where nothing is measured.
const EVERYDAY: u128 = 12 * ONE;

/// Words that begin a sentence about what is not so.
const SUPPOSING: &[&str] = &["suppose", "imagine", "if", "say", "pretend", "picture"];
/// Words by which minutes and hours are those of the episode.
const OF_THE_SHOW: &[&str] = &["next", "episode", "show", "podcast", "listen", "listening"];

/// Looks at every line.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Observation>) {
    let package = Package { research: subject.research, figures: OnceCell::new() };
    let claims = subject.script.lines().flat_map(|line| &line.claims);
    let claimed: Vec<Figure> = claims.flat_map(|claim| borne_out(&claim.excerpt)).collect();
    for line in subject.script.lines() {
        if line.claims.is_empty() {
            uncited(line, &claimed, found);
        } else {
            cited(line, &package, found);
        }
    }
}

/// The figures that a text of a source bears out, and where each stands where it stands in digits or words.
fn borne_out(text: &str) -> Vec<Figure> {
    let mut all = figures(text);
    all.extend(implied(text));
    all
}

/// The package with the figures of its passages, read when they are first asked for.
struct Package<'a> {
    research: Option<&'a Research>,
    figures: OnceCell<Vec<(&'a str, Vec<Figure>)>>,
}

impl Package<'_> {
    /// The first passage that bears a figure out.
    fn passage(&self, said: &Figure, is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
        let passages = self.research.map_or(&[][..], |research| research.passages.as_slice());
        let all = self.figures.get_or_init(|| passages.iter().map(|p| (p.id.as_str(), borne_out(&p.text))).collect());
        let bears = |(id, figures): &&(&str, Vec<Figure>)| is_wanted(id) && figures.iter().any(|f| agrees(said, f));
        all.iter().find(bears).map(|(id, _)| *id)
    }
}

/// A line that cites something: no figure in it may differ from what it cites.
fn cited(line: &Line, package: &Package<'_>, found: &mut Vec<Observation>) {
    let said = figures(&line.text);
    let sources: Vec<(Figure, &str)> = line
        .claims
        .iter()
        .flat_map(|claim| borne_out(&claim.excerpt).into_iter().map(|figure| (figure, claim.excerpt.as_str())))
        .collect();
    for figure in &said {
        if sources.iter().any(|(source, _)| agrees(figure, source)) {
            continue;
        }
        let is_one = figure.spelled && figure.value == ONE;
        if is_one && !is_measured(figure) {
            continue;
        }
        // A source's figure that the line says elsewhere has not been changed into this one.
        let is_free = |source: &Figure| !said.iter().any(|other| agrees(other, source));
        let rival = sources
            .iter()
            .find(|(source, _)| clashes(figure, source))
            .or_else(|| sources.iter().find(|(source, _)| rivals(figure, source) && is_free(source)));
        let words = raw(&line.text, figure);
        let kind = if figure.is_date() { CheckKind::Date } else { CheckKind::Figure };
        let at =
            |severity, kind, problem, wanted| observe::at(line, figure.at.start, (kind, severity), problem, wanted);
        if let Some((source, excerpt)) = rival {
            let (says, unit) = (raw(excerpt, source), if clashes(figure, source) { ", in another unit" } else { "" });
            let problem = format!("the line says {words} and its excerpt says {says}{unit}");
            let wanted =
                format!("Put back the figure of the source: the excerpt says {says} where the line says {words}.");
            found.push(at(Severity::Blocker, kind, problem, wanted));
            continue;
        }
        let known: Vec<&Figure> =
            sources.iter().map(|(source, _)| source).chain(&said).filter(|f| *f != figure).collect();
        if !is_firm(figure) || derived(figure, &known) {
            continue;
        }
        let cites = |id: &str| line.claims.iter().any(|claim| claim.source == id);
        found.push(if let Some(passage) = package.passage(figure, cites) {
            let problem = format!("{words} stands in {passage} and not in the excerpt that the line gives of it");
            at(Severity::Minor, kind, problem, format!("Widen the excerpt so that it holds {words}."))
        } else if let Some(passage) = package.passage(figure, |id| !cites(id)) {
            let problem = format!("{words} stands in {passage}, which the line does not cite");
            at(Severity::Major, CheckKind::UncitedClaim, problem, format!("Cite {passage} for {words}."))
        } else {
            let problem = format!("no excerpt of the line says {words}");
            let wanted = format!("Take out the figure {words}, or name the passage that bears it out.");
            at(Severity::Blocker, kind, problem, wanted)
        });
    }
}

fn raw(text: &str, figure: &Figure) -> String {
    shown(text.get(figure.at.clone()).unwrap_or_default())
}

/// Whether a figure counts a unit that nobody uses in passing.
fn is_measured(figure: &Figure) -> bool {
    match &figure.unit {
        Unit::Measure(unit) => unit.dimension != Dimension::Time,
        Unit::Percent | Unit::Year | Unit::Decade | Unit::Day(_) | Unit::Month => true,
        Unit::Bare | Unit::Noun(_) | Unit::Label(_) => false,
    }
}

/// Whether a figure needs a source though no source has one like it.
fn is_firm(figure: &Figure) -> bool {
    match &figure.unit {
        Unit::Label(_) => false,
        Unit::Bare | Unit::Noun(_) => !figure.spelled && figure.value > EVERYDAY,
        Unit::Measure(unit) if unit.dimension == Dimension::Time => figure.value > EVERYDAY,
        Unit::Measure(_) | Unit::Percent | Unit::Year | Unit::Decade | Unit::Day(_) | Unit::Month => true,
    }
}

/// A line that cites nothing: a sentence with a date or a measured figure needs a source, unless it repeats a claim.
fn uncited(line: &Line, claimed: &[Figure], found: &mut Vec<Observation>) {
    let all = figures(&line.text);
    for sentence in sentences(&line.text) {
        let keys: Vec<String> =
            words(line.text.get(sentence.clone()).unwrap_or_default()).into_iter().map(|word| word.key).collect();
        if keys.first().is_some_and(|first| SUPPOSING.contains(&first.as_str())) {
            continue;
        }
        let is_of_show = keys.iter().any(|key| OF_THE_SHOW.contains(&key.as_str()));
        let is_fact = |figure: &&Figure| {
            let is_one = figure.spelled && figure.value == ONE;
            let is_clock = matches!(&figure.unit, Unit::Measure(unit)
                if ["second", "minute", "hour"].contains(&unit.name));
            let has_things = matches!(figure.unit, Unit::Noun(_) | Unit::Measure(_)) || is_measured(figure);
            sentence.contains(&figure.at.start)
                && has_things
                && is_firm(figure)
                && !is_one
                && !(is_clock && is_of_show)
                && !claimed.iter().any(|claim| agrees(figure, claim))
        };
        if let Some(figure) = all.iter().find(is_fact) {
            let words = raw(&line.text, figure);
            let problem = format!("the sentence states a fact ({words}) and the line cites nothing for it");
            let wanted = format!("Cite the passage that says {words}, or take it out.");
            let weight = (CheckKind::UncitedClaim, Severity::Major);
            found.push(observe::at(line, figure.at.start, weight, problem, wanted));
        }
    }
}
