//! What an answer costs: by the provider's own bill where it writes one, else by the counts and the table, else at the worst
//! case that was reserved.
//!
//! Not for the rates: those are the table's, in [`crate::config::prices`].

use jiff::civil::Date;

use super::{Workshop, exchange};
use crate::config::prices::{Asked, PriceError, Prices};
use crate::domain::bill::{Basis, Bill, Terms};
use crate::domain::call::{Route, Usage};
use crate::domain::ids::ContentHash;
use crate::domain::money::MicroUsd;
use crate::provider::usage::Usage as Counted;

/// What a call is priced with.
pub(super) struct Order<'a> {
    /// Where it went.
    pub(super) route: &'a Route,
    /// What was reserved.
    pub(super) worst: MicroUsd,
    /// The characters that were to be spoken.
    pub(super) characters: u64,
    /// The tokens that the answer was allowed, where it was said.
    pub(super) tokens: Option<u64>,
    /// The day on which it was sent.
    pub(super) on: Date,
    /// What was ordered beside the tokens.
    pub(super) terms: Terms,
}

/// What a call used and costs, and how that came about.
pub(super) struct Priced {
    pub(super) usage: Usage,
    pub(super) price: MicroUsd,
    pub(super) bill: Box<Bill>,
}

impl Workshop {
    /// The most that a call can cost; where nobody knows its price, the cap of the routes that name its model.
    pub(super) fn worst(&self, model: &str, asked: &Asked, on: Date) -> Result<MicroUsd, PriceError> {
        let worst = self.prices.worst_case_of(model, asked, on);
        worst.or_else(|error| match error {
            PriceError::Unknown { .. } | PriceError::NoPrice { .. } | PriceError::NoService { .. } => {
                self.settings.cap_of(model).ok_or(error)
            }
            PriceError::Retired { .. }
            | PriceError::NotThen { .. }
            | PriceError::WrongKind { .. }
            | PriceError::TooLong { .. } => Err(error),
        })
    }

    /// The price of a call by this studio's table.
    pub(super) fn price(&self, counted: Option<&Counted>, answered: Option<&str>, order: &Order<'_>) -> Priced {
        let model = self.models.of(order.route.provider, self.prices.on_the_wire(&order.route.model), false);
        priced(&self.prices, self.table, counted, answered, order, model.limits.context)
    }
}

/// The largest window that any model has, with room to grow: what one holds of which nothing is known.
const LARGEST_CONTEXT: u64 = 20_000_000;

/// More searches for one call than any model makes.
const MOST_SEARCHES: u64 = 1_000;

/// Whether counts can be true: no model reads or writes more than it has room for, or many times as many tokens as it was
/// allowed. A provider that bills somewhat more than was allowed is believed, and shown.
fn is_possible(usage: &Usage, cost: Option<MicroUsd>, order: &Order<'_>, context: Option<u64>) -> bool {
    let context = context.unwrap_or(LARGEST_CONTEXT);
    let read = [usage.input, usage.cache_read, usage.cache_write, usage.cache_write_1h].into_iter();
    let written = order.tokens.map_or(context, |tokens| tokens.saturating_mul(4).saturating_add(4_000).min(context));
    // What is read and thought for a search is billed apart and comes in turns.
    let apart = [usage.reasoning, usage.citations].into_iter().max().unwrap_or(0);
    read.fold(0, u64::saturating_add) <= context
        && usage.output <= written
        && apart <= LARGEST_CONTEXT
        && usage.searches <= MOST_SEARCHES
        && cost.is_none_or(|cost| cost <= MicroUsd::MOST)
}

/// The price of a call. The rates are those of the model that answered, where the table has it among the same provider's;
/// else those of the model that was asked, and the bill names both.
fn priced(
    prices: &Prices,
    table: ContentHash,
    counted: Option<&Counted>,
    answered: Option<&str>,
    order: &Order<'_>,
    context: Option<u64>,
) -> Priced {
    let Order { route, worst, characters, tokens: _, on, terms } = order;
    let asked = prices.on_the_wire(&route.model);
    let answered = answered.map(|model| model.trim_start_matches("models/")).filter(|model| *model != asked);
    let model = answered.filter(|model| prices.has(route.provider, model)).unwrap_or(&route.model);
    // Speech is billed by the characters that were sent, which nobody needs to tell us.
    let spoken = Counted::default();
    let counted = counted.or(Some(&spoken).filter(|_| *characters > 0));
    let told = Usage { characters: *characters, ..counted.map(exchange::usage).unwrap_or_default() };
    let is_possible = is_possible(&told, counted.and_then(|counted| counted.cost), order, context);
    // A count that cannot be true is no count.
    let usage = if is_possible { told } else { Usage { characters: *characters, ..Usage::default() } };
    let by_table = || prices.settle_on(model, &usage, *terms, *on).ok().map(|price| (Basis::Counted, price));
    let by_provider = |counted: &Counted| counted.cost.map(|cost| (Basis::Billed, cost));
    let known = counted.and_then(|counted| by_provider(counted).or_else(by_table));
    // A voice costs one credit a character at most: more of them are for the words that it was told of, which are reserved for.
    let is_above = *characters > 0 && counted.and_then(|counted| counted.credits).is_some_and(|c| c > *characters);
    let (basis, price) = match known.filter(|_| !is_above) {
        _ if !is_possible => (Basis::Impossible, *worst),
        Some((Basis::Counted, price)) if price > MicroUsd::MOST => (Basis::Impossible, *worst),
        Some(known) => known,
        None => (Basis::Worst, *worst),
    };
    let (model, answered) = (model.to_owned(), answered.map(str::to_owned));
    let bill = Box::new(Bill { table, model, answered, on: *on, basis, terms: *terms });
    Priced { usage, price, bill }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::call::Provider;

    const WORST: MicroUsd = MicroUsd(900_000);

    fn priced_as(asked: &str, provider: Provider, counted: Option<Counted>, answered: Option<&str>) -> Priced {
        let prices = Prices::built_in().unwrap();
        let route = Route { provider, model: asked.to_owned() };
        let (on, terms) = (date(2026, 11, 24), Terms::default());
        let characters = if provider == Provider::ElevenLabs { 100 } else { 0 };
        let order = Order { route: &route, worst: WORST, characters, tokens: Some(4_000), on, terms };
        priced(&prices, ContentHash::of(b"table"), counted.as_ref(), answered, &order, Some(200_000))
    }

    fn counted() -> Option<Counted> {
        Some(Counted { input: 1_000, output: 100, ..Counted::default() })
    }

    #[test]
    fn a_call_that_another_model_answers_is_priced_by_that_one_and_says_so() {
        let routed = |answered| priced_as("gemini-2.5-pro", Provider::Gemini, counted(), answered);
        // 1,000 at 1.25 and 100 at 10; as 3.8 Flash 1,000 at 0.75 and 100 at 3.75.
        for same in [None, Some("gemini-2.5-pro"), Some("models/gemini-2.5-pro")] {
            let own = routed(same);
            assert_eq!((own.price, own.bill.answered), (MicroUsd(2_250), None));
        }
        let moved = routed(Some("gemini-3.8-flash"));
        assert_eq!((moved.price, moved.bill.model.as_str()), (MicroUsd(1_125), "gemini-3.8-flash"));
        assert_eq!(moved.bill.answered.as_deref(), Some("gemini-3.8-flash"));
        for unknown in ["gemini-9", "claude-haiku-5-5"] {
            let unknown = routed(Some(unknown));
            assert_eq!((unknown.price, unknown.bill.model.as_str()), (MicroUsd(2_250), "gemini-2.5-pro"));
            assert_ne!(
                unknown.bill.answered, None,
                "not in the table as this provider's: as asked, and both are named"
            );
        }
    }

    #[test]
    fn speech_costs_its_characters_unless_more_credits_are_billed_than_it_has() {
        let spoken = |credits| {
            let counted = Some(Counted { credits, characters: Some(7), ..Counted::default() });
            priced_as("eleven_flash_v2_5", Provider::ElevenLabs, counted, None)
        };
        // 100 characters at 0.00004: half a credit each with Flash, and never more than one.
        for credits in [None, Some(50), Some(100)] {
            let own = spoken(credits);
            assert_eq!((own.price, own.bill.basis, own.usage.characters), (MicroUsd(4_000), Basis::Counted, 100));
        }
        let told = spoken(Some(101));
        assert_eq!(
            (told.price, told.bill.basis),
            (WORST, Basis::Worst),
            "the words that it was told of are billed too"
        );
    }

    #[test]
    fn the_providers_own_bill_comes_before_the_table_and_nothing_counted_is_the_worst_case() {
        let sonar = |counted| priced_as("perplexity/sonar", Provider::Perplexity, counted, None);
        let by_table = Counted { input: 900, output: 40, searches: 1, ..Counted::default() };
        let own = sonar(Some(Counted { cost: Some(MicroUsd(2_826)), ..by_table }));
        assert_eq!((own.price, own.bill.basis, own.usage.searches), (MicroUsd(2_826), Basis::Billed, 1));
        let fallen_back = sonar(Some(by_table));
        assert_eq!((fallen_back.price, fallen_back.bill.basis), (MicroUsd(2_825), Basis::Counted));
        let blind = sonar(None);
        assert_eq!((blind.price, blind.bill.basis), (WORST, Basis::Worst));
        let unlisted = priced_as("gpt-99", Provider::OpenAi, counted(), None);
        assert_eq!((unlisted.price, unlisted.bill.basis), (WORST, Basis::Worst), "never nothing");
    }

    #[test]
    fn a_count_that_cannot_be_true_is_no_count() {
        let counted = |change: fn(&mut Counted)| {
            let mut counted = Counted { input: 1_000, output: 100, ..Counted::default() };
            change(&mut counted);
            priced_as("gemini-2.5-pro", Provider::Gemini, Some(counted), None)
        };
        let hostile: [fn(&mut Counted); 7] = [
            |counted| counted.input = u64::MAX,
            |counted| counted.input = 200_001,
            |counted| (counted.input, counted.cache_read) = (150_000, 150_000),
            |counted| counted.output = 1 << 40,
            |counted| counted.reasoning = u64::MAX,
            |counted| counted.searches = u64::MAX,
            |counted| counted.cost = Some(MicroUsd::MAX),
        ];
        for change in hostile {
            let priced = counted(change);
            assert_eq!((priced.price, priced.bill.basis), (WORST, Basis::Impossible));
            assert_eq!(priced.usage, Usage::default());
        }
        let more_than_allowed = counted(|counted| counted.output = 7_000);
        assert_eq!(more_than_allowed.bill.basis, Basis::Counted, "over-billing is recorded in full");
        let full = counted(|counted| counted.input = 200_000);
        assert_eq!(full.bill.basis, Basis::Counted);
    }

    #[test]
    fn speech_is_priced_by_the_characters_that_were_submitted() {
        for counted in [None, Some(Counted::default())] {
            let spoken = priced_as("eleven_v3", Provider::ElevenLabs, counted, None);
            assert_eq!((spoken.usage.characters, spoken.price), (100, MicroUsd(8_000)));
            assert_eq!(spoken.bill.basis, Basis::Counted);
        }
    }
}
