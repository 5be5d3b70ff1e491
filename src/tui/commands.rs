//! The one table of commands. Keys, the palette, the help and the key bar are all read from it.
//!
//! Not for what a command does: each screen handles the acts that it knows, [`super::update`] the rest.

use super::key::{Key, keys};

/// What can be asked for by a key or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Move(Move),
    Next,
    Previous,
    NextPanel,
    PreviousPanel,
    Panel(u8),
    Open,
    Back,
    Dashboard,
    Episode,
    Gates,
    Cost,
    Providers,
    Sort,
    Follow,
    NextCall,
    PreviousCall,
    Diff,
    Compare,
    Fix,
    Waive,
    NotAFault,
    Take,
    EditNote,
    EditText,
    Group,
    Approve,
    SendBack,
    Override,
    Pause,
    Stop,
    Retry,
    Reject,
    Undo,
    New,
    Palette,
    Help,
    Redraw,
    Quit,
}

/// A movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Down,
    Up,
    Left,
    Right,
    First,
    Last,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
}

/// A screen, as the table names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Dashboard,
    Episode,
    Gate,
    Cost,
    Providers,
}

impl Place {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [Self::Dashboard, Self::Episode, Self::Gate, Self::Cost, Self::Providers];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Episode => "episode",
            Self::Gate => "gate",
            Self::Cost => "cost",
            Self::Providers => "providers",
        }
    }
}

/// How much a command weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Looks at something or writes a note: no box.
    View,
    /// Changes a run: a box, and `y`.
    Act,
    /// Cannot be taken back: a box, a reason, the episode's number, and `y`.
    Final,
}

/// One command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    /// The screens that it belongs to; none means every one.
    pub(crate) places: &'static [Place],
    pub(crate) doc: &'static str,
    /// What the key bar says; empty where it does not stand there.
    pub(crate) bar: &'static str,
    pub(crate) tier: Tier,
    pub(crate) act: Act,
}

const fn spec(
    name: &'static str,
    keys: &'static [&'static str],
    places: &'static [Place],
    act: Act,
    bar: &'static str,
    doc: &'static str,
) -> Spec {
    Spec { name, keys, places, doc, bar, tier: Tier::View, act }
}

const fn acting(spec: Spec, tier: Tier) -> Spec {
    Spec { tier, ..spec }
}

use Place::{Cost, Dashboard, Episode, Gate};

/// All commands, in the order in which help lists them.
pub(crate) const TABLE: &[Spec] = &[
    acting(spec("approve", &["A"], &[Gate], Act::Approve, "approve", "Approve the content at this gate"), Tier::Act),
    acting(
        spec("send-back", &["B"], &[Gate], Act::SendBack, "send back", "Reject: send back with the note"),
        Tier::Act,
    ),
    spec("finding", &["n"], &[Gate], Act::Next, "next", "The next that is open, then the next finding"),
    spec("finding-before", &["N"], &[Gate], Act::Previous, "", "The one before"),
    spec(
        "fix",
        &["x"],
        &[Gate],
        Act::Fix,
        "fix",
        "Rule: to be fixed, by the note; in the note: strike a fix, or take it back in",
    ),
    spec("waive", &["w"], &[Gate], Act::Waive, "waive", "Rule: it is a fault and goes out as it is; asks why"),
    spec("not-a-fault", &["o"], &[Gate], Act::NotAFault, "no fault", "Rule: it is no fault; asks why"),
    spec("take", &["r"], &[Gate], Act::Take, "take words", "Take the suggested wording into the note"),
    spec("edit", &["i", "e"], &[Gate], Act::EditNote, "note", "Edit the selected fix, or write the note"),
    spec("write", &["t"], &[Gate], Act::EditText, "", "Write your own words to the note"),
    spec("diff", &["d"], &[Gate], Act::Diff, "diff", "Show what changed since the revision before, or not"),
    spec("compare", &["D"], &[Gate], Act::Compare, "", "Choose the revision to compare with"),
    acting(
        spec(
            "override",
            &["O"],
            &[Gate],
            Act::Override,
            "",
            "Go on past a failed gate, with a reason; it stays failed",
        ),
        Tier::Final,
    ),
    spec("need", &["n"], &[Dashboard, Episode], Act::Next, "next need", "The next thing that needs you"),
    spec("need-before", &["N"], &[Dashboard, Episode], Act::Previous, "", "Previous item"),
    spec("follow", &["f"], &[Episode], Act::Follow, "follow", "Follow the stage that is at work"),
    spec("call", &["]"], &[Episode], Act::NextCall, "call", "Watch the next running call"),
    spec("call-before", &["["], &[Episode], Act::PreviousCall, "", "Watch the running call before"),
    acting(
        spec("pause", &["P"], &[Dashboard, Episode, Gate], Act::Pause, "pause", "Pause or resume the episode's work"),
        Tier::Act,
    ),
    acting(spec("retry", &["R"], &[Episode], Act::Retry, "retry", "Let a stage that gave up try again"), Tier::Act),
    acting(
        spec("stop", &["S"], &[Episode], Act::Stop, "stop", "Stop the episode before its end, with a reason"),
        Tier::Act,
    ),
    acting(
        spec("reject", &["X"], &[Episode, Gate], Act::Reject, "reject for good", "Reject the episode for good"),
        Tier::Final,
    ),
    spec("sort", &["s"], &[Dashboard], Act::Sort, "sort", "Sort again: what needs you, then the longest wait"),
    spec("group", &["b"], &[Cost], Act::Group, "group by", "Group by stage, agent, model, provider, episode"),
    spec("down", &["j", "<Down>"], &[], Act::Move(Move::Down), "", "One down"),
    spec("up", &["k", "<Up>"], &[], Act::Move(Move::Up), "", "One up"),
    spec("left", &["h", "<Left>"], &[], Act::Move(Move::Left), "", "To the left"),
    spec("right", &["l", "<Right>"], &[], Act::Move(Move::Right), "", "To the right"),
    spec("first", &["gg", "<Home>"], &[], Act::Move(Move::First), "", "The first"),
    spec("last", &["G", "<End>"], &[], Act::Move(Move::Last), "", "The last"),
    spec("half-down", &["<C-d>"], &[], Act::Move(Move::HalfDown), "", "Half a page down"),
    spec("half-up", &["<C-u>"], &[], Act::Move(Move::HalfUp), "", "Half a page up"),
    spec("page-down", &["<C-f>", "<PgDn>"], &[], Act::Move(Move::PageDown), "", "A page down"),
    spec("page-up", &["<C-b>", "<PgUp>"], &[], Act::Move(Move::PageUp), "", "A page up"),
    spec("open", &["<Enter>"], &[], Act::Open, "open", "Open what is selected; it never acts"),
    spec("back", &["<Esc>", "<BS>"], &[], Act::Back, "back", "Back (never quits)"),
    spec("panel", &["<Tab>"], &[], Act::NextPanel, "panel", "The next panel"),
    spec("panel-before", &["<S-Tab>"], &[], Act::PreviousPanel, "", "The panel before"),
    spec("panel-1", &["1"], &[], Act::Panel(1), "", "The first panel"),
    spec("panel-2", &["2"], &[], Act::Panel(2), "", "The second panel"),
    spec("panel-3", &["3"], &[], Act::Panel(3), "", "The third panel"),
    spec("panel-4", &["4"], &[], Act::Panel(4), "", "The fourth panel"),
    spec("panel-5", &["5"], &[], Act::Panel(5), "", "The fifth panel"),
    spec("dashboard", &["gd"], &[], Act::Dashboard, "", "To the dashboard"),
    spec("episode", &["ge"], &[], Act::Episode, "", "To the selected episode"),
    spec("gates", &["gt"], &[], Act::Gates, "", "To the gate that has waited longest"),
    spec("cost", &["gc", "c"], &[], Act::Cost, "cost", "To the cost of this and past episodes"),
    spec("providers", &["gp"], &[], Act::Providers, "", "To the providers: what waits, how they answer, their limits"),
    acting(spec("new", &[], &[], Act::New, "", "Begin an episode: `:new FILE`"), Tier::Act),
    spec("undo", &["u"], &[], Act::Undo, "", "Take back a decision that has not been sent yet, or the last ruling"),
    spec("palette", &[":", "<C-k>"], &[], Act::Palette, "command", "All commands by name"),
    spec("help", &["?", "<F1>"], &[], Act::Help, "help", "The keys of this screen"),
    spec("redraw", &["<C-l>"], &[], Act::Redraw, "", "Redraw"),
    spec(
        "quit",
        &["q"],
        &[],
        Act::Quit,
        "quit",
        "End the console; nothing new is started, and paid calls under way get a grace period",
    ),
];

impl Spec {
    /// Whether it belongs to a screen.
    pub(crate) fn is_in(&self, place: Place) -> bool {
        self.places.is_empty() || self.places.contains(&place)
    }

    /// Its keys for people, such as `g d`.
    pub(crate) fn shown(&self) -> String {
        let one = |spelling: &&str| keys(spelling).iter().map(Key::to_string).collect::<Vec<_>>().join(" ");
        self.keys.iter().map(one).collect::<Vec<_>>().join("  ")
    }
}

/// What some keys mean on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A command.
    Act(Act),
    /// The beginning of a longer spelling.
    Prefix,
    /// Nothing.
    None,
}

/// What the keys that were pressed one after the other mean on a screen: its own commands come before common ones.
pub(crate) fn meaning(place: Place, pressed: &[Key]) -> Meaning {
    let spelled = |spec: &Spec, matches: fn(&[Key], &[Key]) -> bool| {
        spec.keys.iter().any(|spelling| matches(&keys(spelling), pressed))
    };
    let is_all = |spelling: &[Key], pressed: &[Key]| spelling == pressed;
    let is_start = |spelling: &[Key], pressed: &[Key]| spelling.len() > pressed.len() && spelling.starts_with(pressed);
    let here = || TABLE.iter().filter(|spec| spec.is_in(place));
    let own = here().find(|spec| !spec.places.is_empty() && spelled(spec, is_all));
    match own.or_else(|| here().find(|spec| spelled(spec, is_all))) {
        Some(spec) => Meaning::Act(spec.act),
        None if here().any(|spec| spelled(spec, is_start)) => Meaning::Prefix,
        None => Meaning::None,
    }
}

/// The commands of a screen whose name, keys or text hold all words that were typed; the screen's own come first.
pub(crate) fn found(place: Place, typed: &str) -> Vec<&'static Spec> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let holds = |spec: &&Spec| {
        let text = format!("{} {} {}", spec.name, spec.shown(), spec.doc.to_lowercase());
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut specs: Vec<&Spec> = TABLE.iter().filter(|spec| spec.is_in(place)).filter(holds).collect();
    let first = words.first().cloned().unwrap_or_default();
    specs.sort_by_key(|spec| (!first.is_empty() && !spec.name.starts_with(&first), spec.places.is_empty()));
    specs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tui::key::Code;

    #[test]
    fn no_key_means_two_things_on_a_screen_and_no_name_stands_twice() {
        for place in Place::ALL {
            for own in [true, false] {
                let mut seen = BTreeSet::new();
                for spec in TABLE.iter().filter(|spec| spec.is_in(place) && spec.places.is_empty() != own) {
                    for spelling in spec.keys {
                        assert!(seen.insert(keys(spelling)), "{spelling} on {place:?}");
                    }
                }
            }
            let names: Vec<_> = TABLE.iter().filter(|spec| spec.is_in(place)).map(|spec| spec.name).collect();
            assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{place:?}");
        }
    }

    #[test]
    fn what_acts_is_a_capital_and_a_capital_of_a_command_acts() {
        for spec in TABLE {
            for key in spec.keys.iter().flat_map(|spelling| keys(spelling)) {
                if spec.tier != Tier::View {
                    let is_capital = matches!(key.code, Code::Char(c) if c.is_ascii_uppercase());
                    assert!(is_capital, "{} by {key}", spec.name);
                }
            }
        }
    }

    #[test]
    fn a_key_of_the_screen_comes_before_a_common_one() {
        assert_eq!(meaning(Place::Gate, &keys("A")), Meaning::Act(Act::Approve));
        assert_eq!(meaning(Place::Cost, &keys("A")), Meaning::None);
        assert_eq!(meaning(Place::Cost, &keys("g")), Meaning::Prefix);
        assert_eq!(meaning(Place::Cost, &keys("gd")), Meaning::Act(Act::Dashboard));
        assert_eq!(meaning(Place::Cost, &keys("gz")), Meaning::None);
    }

    #[test]
    fn a_search_finds_by_name_key_and_text() {
        assert_eq!(found(Place::Gate, "app").first().map(|spec| spec.name), Some("approve"));
        assert!(found(Place::Gate, "strike fix").iter().any(|spec| spec.name == "fix"));
        assert_eq!(found(Place::Cost, "approve").len(), 0);
    }
}
