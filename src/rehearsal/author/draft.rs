//! The first draft: sentences of the package in the order of the plan, joined into a conversation of the planned length.
//!
//! Not for what is wrong with it: that is planted by `plants`, before the length is brought to the target.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::material;
use super::material::Statement;
use super::phrases::Kind;
use super::plants::{Bed, Planted, Wanted};
use super::request::Show;
use super::talk::Talk;
use super::text::{spoken, words};
use crate::domain::handoff::{Draft, FaultKind, Plan, PlannedSegment};
use crate::domain::ids::LineId;
use crate::domain::script::{Claim, Line, Script, Segment};
use crate::rehearsal::temper::DraftTemper;

/// Statements that every draft has, if the package gives them.
const FEWEST_STATEMENTS: usize = 13;
/// Statements that stay where the length leaves no room for all of them.
const KEPT_STATEMENTS: usize = 10;
/// Room for what is planted, in words.
const PLANTED_WORDS: usize = 46;
/// Below this many words a turn of talk is one sentence.
const SHORT: usize = 600;

/// A sentence of a turn.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) claim: Option<Claim>,
    /// Must stay: a planted fault, or how the episode was made.
    pub(super) fixed: bool,
    /// The fault that was planted in it.
    planted: Option<FaultKind>,
}

impl Said {
    fn talk(text: String) -> Self {
        Self { text, claim: None, fixed: false, planted: None }
    }

    /// A sentence with a fault.
    pub(super) fn planted(text: String, claim: Option<Claim>, kind: FaultKind) -> Self {
        Self { text, claim, fixed: true, planted: Some(kind) }
    }
}

/// What one speaker says in a go.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    pub(super) segment: usize,
    pub(super) said: Vec<Said>,
}

impl Turn {
    pub(super) fn is_talk(&self) -> bool {
        self.said.iter().all(|said| said.claim.is_none())
    }

    pub(super) fn text(&self) -> String {
        self.said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn length(turns: &[Turn]) -> usize {
    turns.iter().flat_map(|turn| &turn.said).map(|said| words(&said.text)).sum()
}

/// Writes the draft, and the key to what was planted in it.
pub(super) fn draft(
    mut dice: Dice,
    show: &Show,
    plan: &Plan,
    topic: String,
    statements: &[Statement],
    temper: &DraftTemper,
) -> (Draft, Vec<Planted>) {
    let target = show.target_words();
    let talk_dice = Dice::new(dice.next(), []);
    let mut talk = Talk::new(talk_dice, topic, material::keywords(statements));
    let room = target.saturating_sub(PLANTED_WORDS).max(40);
    let chosen = choose(&mut dice, plan, statements, room, target);
    let mut turns = Vec::new();
    let seconds: u32 = plan.segments.iter().map(|segment| segment.seconds).sum::<u32>().max(1);
    for (index, segment) in plan.segments.iter().enumerate() {
        let share = room * usize::try_from(segment.seconds).unwrap_or(0) / usize::try_from(seconds).unwrap_or(1);
        let own: Vec<&Statement> = chosen.iter().filter(|(at, _)| *at == index).map(|(_, s)| *s).collect();
        let scene = Scene {
            index,
            is_first: index == 0,
            is_last: index + 1 == plan.segments.len(),
            title: &spoken(&segment.title),
            words: share,
            is_short: target <= SHORT,
        };
        scene.compose(&mut dice, &mut talk, &own, &mut turns);
    }
    let wanted = Wanted::drawn(&mut dice, temper);
    let titles = plan.segments.iter().map(|segment| spoken(&segment.title)).collect();
    Bed { turns: &mut turns, titles }.plant(&mut dice, &wanted);
    let due = |segment: &PlannedSegment| {
        target * usize::try_from(segment.seconds).unwrap_or(0) / usize::try_from(seconds).unwrap_or(1)
    };
    Lengths { target, segments: plan.segments.iter().map(due).collect() }.fit(&mut dice, &mut talk, &mut turns);
    let (script, key) = script(&mut dice, show, plan, &turns);
    let measured = script.measure().words;
    let wrong = measured * (3 + dice.next() % 6) / 100 + 1;
    let claimed_words = if dice.below(2) == 0 { measured + wrong } else { measured.saturating_sub(wrong) };
    (Draft { script, claimed_words }, key)
}

/// The statements that are said, each with the segment it is said in: in the order of plan and package.
fn choose<'a>(
    dice: &mut Dice,
    plan: &Plan,
    statements: &'a [Statement],
    room: usize,
    target: usize,
) -> Vec<(usize, &'a Statement)> {
    let last = plan.segments.len().saturating_sub(1);
    let home = |statement: &Statement| {
        let lists = |index: usize| plan.segments.get(index).is_some_and(|s| s.passages.contains(&statement.passage));
        [0, last].into_iter().find(|at| lists(*at)).or_else(|| (0..=last).find(|at| lists(*at)))
    };
    let middle = last / 2;
    let mut pool: Vec<(usize, usize, &Statement)> =
        statements.iter().enumerate().map(|(at, s)| (home(s).unwrap_or(middle), at, s)).collect();
    dice.shuffle(&mut pool);
    if target <= SHORT {
        // A short show needs short sentences, or it has no room for a dozen of them.
        pool.sort_by_cached_key(|(_, _, statement)| statement.words + dice.below(4));
    }
    // One that can be got wrong comes first, and one for each segment that has any.
    let mut first: Vec<usize> = pool.iter().position(|(_, _, s)| s.has_figure()).into_iter().collect();
    for segment in 0..=last {
        first.extend(pool.iter().position(|(home, _, _)| *home == segment));
    }
    let order: Vec<usize> = first.into_iter().chain(0..pool.len()).collect();
    let limit = if target <= SHORT { room * 6 / 10 } else { room / 2 };
    let mut taken = BTreeSet::new();
    let mut sum = 0;
    for index in order {
        let Some((_, _, statement)) = pool.get(index) else { continue };
        let fits = sum + statement.words <= limit;
        if (taken.len() < FEWEST_STATEMENTS && sum + statement.words <= room * 80 / 100 || fits) && taken.insert(index)
        {
            sum += statement.words;
        }
    }
    let mut chosen: Vec<(usize, usize, &Statement)> =
        taken.iter().filter_map(|index| pool.get(*index).copied()).collect();
    chosen.sort_by_key(|(home, at, _)| (*home, *at));
    chosen.into_iter().map(|(home, _, statement)| (home, statement)).collect()
}

/// A segment to be composed.
struct Scene<'a> {
    index: usize,
    is_first: bool,
    is_last: bool,
    title: &'a str,
    words: usize,
    is_short: bool,
}

impl Scene<'_> {
    fn compose(&self, dice: &mut Dice, talk: &mut Talk, own: &[&Statement], turns: &mut Vec<Turn>) {
        let start = length(turns);
        let push = |turns: &mut Vec<Turn>, said: Vec<Said>| turns.push(Turn { segment: self.index, said });
        let opening = if self.is_first { Kind::Opening } else { Kind::Handover };
        if self.is_first || !self.is_last {
            push(turns, vec![Said::talk(talk.sentence(opening, self.title))]);
        }
        let mut told = !self.is_first;
        for (nth, statement) in own.iter().enumerate() {
            let mut said = Vec::new();
            if dice.below(10) < if self.is_short { 1 } else { 4 } {
                said.push(Said::talk(talk.sentence(Kind::LeadIn, self.title)));
            }
            said.push(Said { claim: Some(statement.claim()), ..Said::talk(statement.said.clone()) });
            push(turns, said);
            if !told {
                told = true;
                push(turns, vec![disclosure(talk, self.title)]);
            }
            let due = self.words * (nth + 1) / own.len().max(1);
            self.fill(dice, talk, turns, start + due.saturating_sub(if self.is_last { 14 } else { 0 }));
        }
        if !told {
            push(turns, vec![disclosure(talk, self.title)]);
        }
        if self.is_last {
            self.fill(dice, talk, turns, start + self.words.saturating_sub(14));
            push(turns, vec![Said::talk(talk.sentence(Kind::Closing, self.title))]);
        } else {
            self.fill(dice, talk, turns, start + self.words);
        }
    }

    /// Lets them talk until so many words have been said, give or take half a sentence.
    fn fill(&self, dice: &mut Dice, talk: &mut Talk, turns: &mut Vec<Turn>, until: usize) {
        while length(turns) + 6 < until {
            let most = if self.is_short { 1 } else { 1 + dice.below(3) };
            let mut said: Vec<Said> = Vec::new();
            for nth in 0..most {
                let so_far: usize = said.iter().map(|said| words(&said.text)).sum();
                if nth > 0 && length(turns) + so_far + 6 >= until {
                    break;
                }
                said.push(Said::talk(talk.sentence(spontaneous(dice, nth), self.title)));
            }
            turns.push(Turn { segment: self.index, said });
        }
    }
}

fn spontaneous(dice: &mut Dice, nth: usize) -> Kind {
    if nth == 0 && dice.below(5) < 2 {
        return Kind::Reaction;
    }
    match dice.below(10) {
        0..=2 => Kind::Doubt,
        3..=4 => Kind::Question,
        5 => Kind::Summary,
        _ => Kind::Reflection,
    }
}

fn disclosure(talk: &mut Talk, place: &str) -> Said {
    Said { fixed: true, ..Said::talk(talk.sentence(Kind::Disclosure, place)) }
}

/// How long a draft and each of its segments should be, in words.
struct Lengths {
    target: usize,
    segments: Vec<usize>,
}

impl Lengths {
    /// By how many words a segment is longer than it should be; less than nothing where it is shorter.
    fn excess(&self, turns: &[Turn], segment: usize) -> i64 {
        let own = turns.iter().filter(|turn| turn.segment == segment).flat_map(|turn| &turn.said);
        let words = own.map(|said| words(&said.text)).sum::<usize>();
        let due = self.segments.get(segment).copied().unwrap_or(0);
        i64::try_from(words).unwrap_or(i64::MAX) - i64::try_from(due).unwrap_or(i64::MAX)
    }

    /// Brings the length to within two in a hundred of the target, by talk alone as long as talk will do.
    fn fit(&self, dice: &mut Dice, talk: &mut Talk, turns: &mut Vec<Turn>) {
        let slack = (self.target / 50).max(7);
        for _ in 0..4_000 {
            let now = length(turns);
            if now + slack < self.target {
                self.add(dice, talk, turns);
            } else if now > self.target + slack {
                if !self.remove(dice, turns, false) && !self.remove(dice, turns, true) {
                    return;
                }
            } else {
                return;
            }
        }
    }

    /// Lets them say a sentence more, in the segment that lacks most.
    fn add(&self, dice: &mut Dice, talk: &mut Talk, turns: &mut Vec<Turn>) {
        let text = Said::talk(talk.sentence(spontaneous(dice, 1), ""));
        let last = turns.len().saturating_sub(1);
        let Some(lacks) = (0..self.segments.len()).min_by_key(|segment| self.excess(turns, *segment)) else { return };
        let is_open = |turn: &Turn| {
            turn.segment == lacks && turn.is_talk() && turn.said.len() < 3 && !turn.said.iter().any(|said| said.fixed)
        };
        let open: Vec<usize> = (1..last).filter(|at| turns.get(*at).is_some_and(is_open)).collect();
        match dice.pick(&open).copied().and_then(|at| turns.get_mut(at)) {
            Some(turn) => turn.said.push(text),
            None => {
                // Behind what the segment has, and before the last words of all.
                let end = turns.iter().rposition(|turn| turn.segment <= lacks).map_or(0, |at| at + 1);
                turns.insert(end.min(last), Turn { segment: lacks, said: vec![text] });
            }
        }
    }

    /// Takes a sentence out of the segment that has most too many: never its last one, the first or the last words of all,
    /// or one that must stay.
    fn remove(&self, dice: &mut Dice, turns: &mut Vec<Turn>, stated: bool) -> bool {
        let statements = turns.iter().flat_map(|turn| &turn.said).filter(|said| said.claim.is_some()).count();
        if stated && statements <= KEPT_STATEMENTS {
            return false;
        }
        let mut places = Vec::new();
        for (at, turn) in turns.iter().enumerate().skip(1).take(turns.len().saturating_sub(2)) {
            let is_alone =
                turns.iter().filter(|other| other.segment == turn.segment).count() < 2 && turn.said.len() < 2;
            for (nth, said) in turn.said.iter().enumerate() {
                if !is_alone && !said.fixed && said.claim.is_some() == stated {
                    places.push((turn.segment, at, nth));
                }
            }
        }
        let too_long = places.iter().map(|(segment, ..)| *segment).max_by_key(|segment| self.excess(turns, *segment));
        places.retain(|(segment, ..)| Some(*segment) == too_long);
        let Some((_, at, nth)) = dice.pick(&places).copied() else { return false };
        if let Some(turn) = turns.get_mut(at) {
            turn.said.remove(nth);
            if turn.said.is_empty() {
                turns.remove(at);
            }
        }
        true
    }
}

/// The turns as a script: ids in order, speakers in turn, a breath after each line.
fn script(dice: &mut Dice, show: &Show, plan: &Plan, turns: &[Turn]) -> (Script, Vec<Planted>) {
    let cast = show.cast();
    let mut key = Vec::new();
    let mut number = 0_u32;
    let segments = plan.segments.iter().enumerate().map(|(index, planned)| {
        let mut lines: Vec<Line> = Vec::new();
        for turn in turns.iter().filter(|turn| turn.segment == index) {
            let speaker = usize::try_from(number).unwrap_or(0) % cast.len().max(1);
            number += 1;
            let planted = turn.said.iter().filter_map(|said| Some((said.planted?, said.text.clone())));
            key.extend(planted.map(|(kind, quote)| Planted { kind, line: LineId(number), quote }));
            let pause = 150 + 10 * u32::try_from(dice.below(20)).unwrap_or(0);
            lines.push(Line {
                id: LineId(number),
                speaker: cast.get(speaker).map(|speaker| speaker.id.clone()).unwrap_or_default(),
                text: turn.text(),
                pause_ms: if turn.is_talk() { pause } else { pause + 100 },
                claims: turn.said.iter().filter_map(|said| said.claim.clone()).collect(),
            });
        }
        if let Some(last) = lines.last_mut() {
            last.pause_ms = 700;
        }
        Segment { id: planned.id.clone(), title: planned.title.clone(), lines }
    });
    let segments = segments.collect();
    (Script { title: plan.title.clone(), segments }, key)
}
