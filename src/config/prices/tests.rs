//! The table that ships, its dates and tiers, and tables with planted faults.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::bill::{SearchSize, Service, Terms};
use crate::domain::call::Usage;
use crate::domain::money::{MicroUsd, PicoUsd};

mod rows;
mod worked;

fn built_in() -> Prices {
    Prices::built_in().unwrap()
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

const TODAY: Date = date(2026, 11, 24);

#[test]
fn the_table_that_ships_has_every_model_of_the_default_routes_and_every_successor() {
    let prices = built_in();
    let routed = [
        ("claude-opus-5-5", Provider::Anthropic),
        ("claude-sonnet-5-5", Provider::Anthropic),
        ("claude-haiku-5-5", Provider::Anthropic),
        ("gemini-3.1-pro-preview", Provider::Gemini),
        ("eleven_flash_v2_5", Provider::ElevenLabs),
        ("qwen3:8b", Provider::OpenAi),
        ("perplexity/sonar", Provider::Perplexity),
    ];
    for (model, vendor) in routed {
        assert_eq!(prices.price(model, TODAY).unwrap().vendor, vendor, "{model}");
    }
    for row in prices.models.values().flatten() {
        if let Some(successor) = &row.successor {
            assert!(prices.models.contains_key(successor), "{} has the successor {successor}", row.id);
        }
        assert!(row.retired.is_none() || row.successor.is_some(), "{} goes and nothing follows", row.id);
    }
}

#[test]
fn a_model_that_is_retired_names_the_one_to_take() {
    let prices = built_in();
    let error = prices.price("claude-sonnet-4-20250514", TODAY).unwrap_err().to_string();
    assert!(error.contains("retired on 2026-06-15: use `claude-sonnet-5-5`"), "{error}");
    let gone =
        [("claude-opus-4-1-20250805", "2026-08-05"), ("claude-opus-4-20250514", "2026-06-15"), ("sonar", "2026-09-27")];
    for (model, since) in gone {
        let error = prices.price(model, TODAY).unwrap_err();
        assert!(matches!(error, PriceError::Retired { .. }) && error.to_string().contains(since), "{error}");
    }
    assert!(prices.price("gemini-2.5-pro", date(2026, 11, 30)).is_ok());
    let error = prices.price("gemini-2.5-pro", date(2026, 12, 1)).unwrap_err().to_string();
    assert!(error.contains("use `gemini-3.1-pro-preview`"), "{error}");
    assert!(prices.price("claude-sonnet-4-5-20250929", date(2026, 11, 29)).is_ok());
    assert!(prices.price("eleven_turbo_v2_5", TODAY).is_ok(), "superseded and still served");
}

#[test]
fn an_unknown_model_is_refused_with_the_nearest_one() {
    let error = built_in().price("claude-opus-5.5", TODAY).unwrap_err().to_string();
    assert!(error.contains("did you mean `claude-opus-5-5`?"), "{error}");
}

#[test]
fn the_worst_case_takes_every_byte_for_a_token_and_the_dearest_way_to_bill_it() {
    let prices = built_in();
    let worst = |model, bytes, output| prices.worst_case(model, bytes, Ceiling::OutputTokens(output), TODAY);
    // 8,000 bytes and 2,000 hidden tokens at the price of a cache write (5), 1,000 tokens of answer (20).
    assert_eq!(worst("claude-opus-5-5", 8_000, 1_000), Ok(MicroUsd(50_000 + 20_000)));
    assert_eq!(worst("claude-haiku-5-5", 98_000, 1_000), Ok(MicroUsd(12_500 + 500)));
    assert_eq!(worst("claude-haiku-5-5", 98_001, 1_000), Ok(MicroUsd(62_501 + 2_500)), "100,001 tokens reach the tier");
    assert_eq!(worst("claude-opus-5-5", u64::MAX, 1), Ok(MicroUsd::MAX), "no cap admits it");
    let speech = |characters| prices.worst_case("eleven_flash_v2_5", 10, Ceiling::Characters(characters), TODAY);
    assert_eq!(speech(1_000), Ok(MicroUsd(40_000)));
    assert!(matches!(speech(40_001), Err(PriceError::TooLong { most: 40_000, .. })));
    assert!(matches!(worst("eleven_flash_v2_5", 1, 1), Err(PriceError::WrongKind { unit: "character", .. })));
    let spoken = prices.worst_case("claude-opus-5-5", 1, Ceiling::Characters(1), TODAY);
    assert!(matches!(spoken, Err(PriceError::WrongKind { unit: "token", .. })));
}

#[test]
fn the_worst_case_follows_what_the_request_asks_for() {
    let prices = built_in();
    let asked = Asked::usual(8_000, Ceiling::OutputTokens(1_000));
    let worst = |model, asked| prices.worst_case_of(model, &asked, TODAY);
    // 10,000 tokens at 4, 5 or 8, and 1,000 at 20.
    for (caching, expected) in [(Caching::No, 60_000), (Caching::FiveMinutes, 70_000), (Caching::OneHour, 100_000)] {
        assert_eq!(worst("claude-opus-5-5", Asked { caching, ..asked }), Ok(MicroUsd(expected)));
    }
    let on = |service| Asked { terms: Terms { service, search: None }, ..asked };
    assert_eq!(worst("claude-opus-5-5", on(Service::Batch)), Ok(MicroUsd(35_000)));
    assert_eq!(worst("claude-opus-5-5", on(Service::Fast)), Ok(MicroUsd(140_000)));
    assert!(matches!(worst("claude-haiku-5-5", on(Service::Fast)), Err(PriceError::NoService { .. })));
    // Three searches more, at 10,000 each.
    assert_eq!(worst("claude-opus-5-5", Asked { searches: 3, ..asked }), Ok(MicroUsd(100_000)));
    let then = date(2026, 9, 26);
    let sonar = |search| {
        let asked = Asked { terms: Terms { service: Service::Standard, search }, ..asked };
        prices.worst_case_of("sonar", &asked, then)
    };
    // 10,000 and 1,000 tokens at 1, and the fee; the highest one where it is not said how much is searched.
    assert_eq!(sonar(Some(SearchSize::Low)), Ok(MicroUsd(16_000)));
    assert_eq!((sonar(Some(SearchSize::High)), sonar(None)), (Ok(MicroUsd(23_000)), Ok(MicroUsd(23_000))));
}

#[test]
fn every_model_of_a_server_is_its_row_and_is_sent_without_the_servers_name() {
    let prices = built_in();
    for (model, sent) in [
        ("ollama/qwen3:8b", "qwen3:8b"),
        ("vllm/meta-llama/Llama-4", "meta-llama/Llama-4"),
        ("qwen3:8b", "qwen3:8b"),
        ("perplexity/sonar", "perplexity/sonar"),
        ("nobody/knows", "nobody/knows"),
    ] {
        assert_eq!(prices.on_the_wire(model), sent);
    }
    assert_eq!(prices.price("lmstudio/any", TODAY).unwrap().vendor, Provider::OpenAi);
    for ceiling in [Ceiling::OutputTokens(1_000), Ceiling::Characters(1_000_000)] {
        assert_eq!(prices.worst_case("local/kokoro", 8_000, ceiling, TODAY), Ok(MicroUsd::ZERO));
    }
    let own = "schema = 1\n[[price]]\nid = \"ollama/dear:1b\"\nvendor = \"openai\"\ninput = \"1\"\noutput = \"1\"\n";
    let mut prices = built_in();
    prices.lay(Prices::parse("p.toml", own).unwrap());
    assert_eq!(
        prices.settle("ollama/dear:1b", &tokens(1_000, 0), TODAY),
        Ok(MicroUsd(1_000)),
        "its own row comes first"
    );
}

#[test]
fn a_model_that_searches_is_reserved_and_settled_with_its_searches() {
    let prices = built_in();
    let worst = prices.worst_case("perplexity/sonar", 8_000, Ceiling::OutputTokens(1_000), TODAY);
    // 8,000 bytes, 2,000 hidden and 200,000 found tokens (0.25), 1,000 tokens of answer (2.5), 15 searches (2,500 each).
    assert_eq!(worst, Ok(MicroUsd(52_500 + 2_500 + 37_500)));
    let bill = |searches| prices.settle("perplexity/sonar", &Usage { searches, ..tokens(900, 40) }, TODAY);
    assert_eq!((bill(0), bill(1)), (Ok(MicroUsd(325)), Ok(MicroUsd(2_825))));
    let source = TABLE.replacen("cache_read", "per_search = \"1\"\ncache_read", 1);
    let found = Prices::parse("p.toml", &source).unwrap_err().to_string();
    assert!(found.contains("`price.most_searches` is missing") && found.contains("most_search_tokens"), "{found}");
    let error = prices.price("sonar-pro", TODAY).unwrap_err().to_string();
    assert!(error.contains("use `perplexity/sonar`"), "{error}");
}

#[test]
fn a_model_of_ones_own_machine_costs_nothing_and_one_that_is_not_known_is_refused() {
    let prices = built_in();
    assert_eq!(prices.worst_case("qwen3:8b", 8_000, Ceiling::OutputTokens(1_000), TODAY), Ok(MicroUsd::ZERO));
    assert_eq!(prices.settle("qwen3:8b", &tokens(1_000, 1_000), TODAY), Ok(MicroUsd::ZERO));
    assert!(matches!(prices.price("qwen3:9b", TODAY), Err(PriceError::Unknown { .. })));
}

#[test]
fn a_bill_is_settled_even_after_its_model_is_gone() {
    let prices = built_in();
    let late = prices.settle("claude-sonnet-4-20250514", &tokens(1_000, 0), TODAY);
    assert_eq!(late, Ok(MicroUsd(3_000)));
    let source = TABLE.replace("until = \"2026-06-30\"", "until = \"2026-06-15\"");
    let gap = Prices::parse("p.toml", &source).unwrap();
    assert!(matches!(gap.price("m", date(2026, 6, 20)), Err(PriceError::NotThen { .. })));
    assert_eq!(gap.settle("m", &tokens(1_000_000, 0), date(2026, 6, 20)), Ok(MicroUsd(1_000_000)));
    assert_eq!(gap.settle("m", &tokens(1_000_000, 0), date(2026, 7, 1)), Ok(MicroUsd(3_000_000)));
}

const TABLE: &str = r#"schema = 1
[[price]]
id = "m"
vendor = "gemini"
input = "1"
output = "1"
cache_read = "0.1"
until = "2026-06-30"
[[price]]
id = "m"
vendor = "gemini"
input = "2"
output = "1"
cache_read = "0.1"
from = "2026-07-01"
[[price.tiers]]
above = 10
input = "3"
output = "3"
cache_read = "3"
"#;

#[test]
fn each_planted_fault_of_a_table_is_told_with_its_line() {
    assert!(Prices::parse("p.toml", TABLE).is_ok());
    let cases = [
        ("until = \"2026-06-30\"", "until = \"2026-07-01\"", "p.toml:9:1: two rows of `m` hold on the same day"),
        ("until = \"2026-06-30\"", "", "p.toml:9:1: two rows of `m` hold on the same day"),
        ("until = \"2026-06-30\"", "until = \"June\"", "p.toml:8:9: `price.until`: failed to parse"),
        (
            "vendor = \"gemini\"\ninput = \"2\"",
            "vendor = \"gemni\"\ninput = \"2\"",
            "p.toml:11:10: `price.vendor` cannot be `gemni`",
        ),
        ("input = \"1\"", "input = 1", "p.toml:5:9: `price.input` must be a text"),
        ("input = \"1\"", "inputs = \"1\"", "p.toml:5:1: `price.inputs` is not known: did you mean `input`?"),
        ("input = \"1\"", "input = \"1.0000001\"", "p.toml:5:9: `input`: `1.0000001` is not an amount"),
        ("above = 10", "above = 0", "p.toml:17:9: `price.tiers.above` must be a whole number"),
        ("id = \"m\"\n", "", "p.toml:2:1: `price.id` is missing"),
        ("from = \"2026-07-01\"", "from = \"2026-07-01\"\nuntil = \"2026-06-01\"", "p.toml:15:8: the row ends before"),
        (
            "from = \"2026-07-01\"",
            "from = \"2026-07-01\"\nretired = \"2027-01-01\"",
            "p.toml:9:1: the rows of `m` differ",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(TABLE.contains(from), "{from}");
        let found = Prices::parse("p.toml", &TABLE.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(found.contains(expected), "{to}: expected {expected}, found\n{found}");
    }
}

#[test]
fn a_table_of_ones_own_replaces_the_rows_of_its_models() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Prices::load(folder.path()).unwrap(), built_in());
    let own = "schema = 1\n[[price]]\nid = \"eleven_flash_v2_5\"\nvendor = \"elevenlabs\"\nper_million_characters = \"90\"\nmost_characters = 10\n";
    std::fs::write(folder.path().join("prices.toml"), own).unwrap();
    let prices = Prices::load(folder.path()).unwrap();
    let usage = Usage { characters: 10, ..Usage::default() };
    assert_eq!(prices.settle("eleven_flash_v2_5", &usage, TODAY), Ok(MicroUsd(900)));
    assert!(prices.price("claude-opus-5-5", TODAY).is_ok());
}

#[test]
fn a_table_is_kept_in_a_form_that_gives_the_same_table() {
    let prices = built_in();
    assert_eq!(Prices::parse("kept", &prices.to_toml()).unwrap(), prices);
    let odd = TABLE.replace("id = \"m\"", "id = 'm\"\\'").replace("input = \"1\"", "input = \"0.000001\"");
    let odd = Prices::parse("p.toml", &odd).unwrap();
    assert_eq!(Prices::parse("kept", &odd.to_toml()).unwrap(), odd);
}

proptest! {
    /// Promise 2: whatever a provider counts within the bounds of the request, the bill is within the reservation.
    #[test]
    fn no_bill_within_its_bounds_passes_its_worst_case(
        index in 0_usize..1_000, bytes in 0_u64..500_000, most in 1_u64..64_000,
        split in (0_u64..=100, 0_u64..=100), used in 0_u64..=100,
    ) {
        let prices = built_in();
        let text: Vec<&str> = prices
            .models()
            .filter(|model| matches!(prices.price(model, TODAY).map(|p| &p.rates), Ok(Rates::Tokens(_))))
            .collect();
        let model = text[index % text.len()];
        let worst = prices.worst_case(model, bytes, Ceiling::OutputTokens(most), TODAY).unwrap();
        let prompt = (bytes + HIDDEN_INPUT_TOKENS) * used / 100;
        let cache_read = prompt * split.0 / 100;
        let cache_write = (prompt - cache_read) * split.1 / 100;
        let usage = Usage {
            input: prompt - cache_read - cache_write, cache_read, cache_write, output: most * used / 100,
            ..Usage::default()
        };
        prop_assert!(prices.settle(model, &usage, TODAY).unwrap() <= worst, "{}", model);
    }
}

const LITELLM: &str = r#"{
  "sample_spec": {"litellm_provider": "one of https://docs", "input_cost_per_token": 0.0},
  "claude-opus-5-5": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 4e-06,
    "output_cost_per_token": 2e-05, "cache_creation_input_token_cost": 5e-06,
    "cache_creation_input_token_cost_above_1hr": 8e-06, "cache_read_input_token_cost": 2e-07},
  "claude-haiku-5-5": {"litellm_provider": "anthropic", "input_cost_per_token": 1.25e-07, "output_cost_per_token": 5e-07,
    "cache_read_input_token_cost": 1e-08, "input_cost_per_token_above_100k_tokens": 6e-07,
    "output_cost_per_token_above_100k_tokens": 2.5e-06, "input_cost_per_token_batches": 6.25e-08,
    "output_cost_per_token_batches": 2.5e-07},
  "gemini/gemini-4-argon": {"litellm_provider": "gemini", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-05},
  "gemini/gemini-9": {"litellm_provider": "gemini", "input_cost_per_token": 1.15e-08, "output_cost_per_token": 3.0000000000000004e-07},
  "perplexity/sonar": {"litellm_provider": "perplexity", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06,
    "search_context_cost_per_query": {"search_context_size_low": 0.005, "search_context_size_medium": 0.008,
    "search_context_size_high": 0.013}},
  "elevenlabs/eleven_v3": {"litellm_provider": "elevenlabs", "mode": "audio_speech", "input_cost_per_character": 9e-05},
  "bedrock/claude": {"litellm_provider": "bedrock", "input_cost_per_token": 1e-06},
  "claude-odd": {"litellm_provider": "anthropic", "input_cost_per_token": "cheap", "output_cost_per_token": 1},
  "claude-none": {"litellm_provider": "anthropic", "mode": "chat"},
  "broken": 3
}"#;

#[test]
fn a_table_of_litellms_form_is_laid_over_as_it_is() {
    let mut prices = built_in();
    let found = litellm::import(LITELLM, &prices, TODAY).unwrap();
    assert_eq!(found.taken["claude-opus-5-5"], Vec::<String>::new(), "it says the same");
    assert_eq!(found.taken["claude-haiku-5-5"], ["input 0.1 -> 0.125"]);
    assert_eq!(found.taken["gemini-9"], ["new"]);
    assert_eq!(found.taken["eleven_v3"], ["a million characters 80 -> 90"]);
    assert_eq!(found.taken.len(), 6);
    let reasons: Vec<&str> = found.skipped.keys().map(String::as_str).collect();
    let expected = [
        "it has no price of a token",
        "it is no object",
        "its `input_cost_per_token` is no price",
        "of bedrock, which is not called here",
    ];
    assert_eq!(reasons, expected);
    prices.lay(found.rows);
    assert_eq!(Prices::parse("kept", &prices.to_toml()).unwrap(), prices, "what is kept is read again");
    let before = TODAY.yesterday().unwrap();
    let million = tokens(50_000, 0);
    // 50,000 at 0.1 and at 0.125; a prompt of 100,001 at 0.6; a batch at 0.0625.
    assert_eq!(prices.settle("claude-haiku-5-5", &million, before), Ok(MicroUsd(5_000)), "the old price until then");
    assert_eq!(prices.settle("claude-haiku-5-5", &million, TODAY), Ok(MicroUsd(6_250)));
    assert_eq!(prices.settle("claude-haiku-5-5", &tokens(100_001, 0), TODAY), Ok(MicroUsd(60_001)));
    let batch = Terms { service: Service::Batch, search: None };
    assert_eq!(prices.settle_on("claude-haiku-5-5", &million, batch, TODAY), Ok(MicroUsd(3_125)));
    // What was announced for later stays: 4 from December on.
    assert_eq!(prices.settle("gemini-4-argon", &million, TODAY), Ok(MicroUsd(50_000)));
    assert_eq!(prices.settle("gemini-4-argon", &million, date(2026, 12, 1)), Ok(MicroUsd(200_000)));
    // 1,000 at 0.0115, which is 11.5, and up.
    assert_eq!(prices.settle("gemini-9", &tokens(1_000, 0), TODAY), Ok(MicroUsd(12)));
    assert_eq!(prices.settle("gemini-9", &tokens(0, 1_000_000), TODAY), Ok(MicroUsd(300_000)));
    for no_table in ["[]", "{", "{}", "{\"a\": {\"litellm_provider\": \"bedrock\"}}"] {
        assert!(litellm::import(no_table, &prices, TODAY).is_err(), "{no_table}");
    }
}

#[test]
fn when_a_model_ends_is_the_table_of_models_to_say() {
    let source = include_str!("../../../assets/prices.toml");
    assert!(!source.lines().any(|line| line.starts_with("retired") || line.starts_with("successor")));
    let folder = tempfile::tempdir().unwrap();
    let model = |id: &str, provider: &str, wire: &str, takes: &str, ends: &str| {
        format!("[[model]]\nid = \"{id}\"\nprovider = \"{provider}\"\nwire = \"{wire}\"\ntakes = \"{takes}\"\n{ends}")
    };
    let ends = "retires = \"2026-11-20\"\nsuccessor = \"claude-sonnet-5-5\"\n";
    let own = [
        "schema = 1\n".to_owned(),
        model("sonar-pro", "perplexity", "perplexity_sonar", "sonar", ""),
        model("claude-opus-5-5", "anthropic", "anthropic_messages", "claude-opus-5-5", ends),
    ];
    std::fs::write(folder.path().join("models.toml"), own.concat()).unwrap();
    assert!(matches!(built_in().price("sonar-pro", TODAY), Err(PriceError::Retired { .. })));
    let prices = Prices::load(folder.path()).unwrap();
    assert!(prices.price("sonar-pro", TODAY).is_ok(), "behind a gateway it lives");
    let error = prices.price("claude-opus-5-5", TODAY).unwrap_err().to_string();
    assert!(error.contains("retired on 2026-11-20: use `claude-sonnet-5-5`"), "{error}");
    // What is kept of it says the same, and a row of a model that is not in the table of models says it itself.
    assert_eq!(Prices::parse("kept", &prices.to_toml()).unwrap(), prices);
    let row = "schema = 1\n[[price]]\nid = \"nobodys\"\nvendor = \"openai\"\ninput = \"1\"\noutput = \"1\"\nretired = \"2026-11-01\"\n";
    std::fs::write(folder.path().join("prices.toml"), row).unwrap();
    let prices = Prices::load(folder.path()).unwrap();
    assert!(matches!(prices.price("nobodys", TODAY), Err(PriceError::Retired { .. })));
}
