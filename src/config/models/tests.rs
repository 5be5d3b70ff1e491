//! The table that ships, what it says on a day, tables laid over it and tables with planted faults.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::config::prices::{PriceError, Prices};

fn built_in() -> Models {
    Models::built_in().unwrap()
}

const TODAY: Date = date(2026, 11, 24);

#[test]
fn every_model_that_has_a_price_is_in_the_table_of_the_same_provider() {
    let (models, prices) = (built_in(), Prices::built_in().unwrap());
    // A row of a server stands for models that nobody listed.
    for id in prices.models().filter(|id| !id.ends_with("/*")) {
        let model = models.get(id).unwrap_or_else(|| panic!("{id} has a price and is not in the table"));
        if let Ok(price) = prices.price(id, TODAY) {
            assert_eq!(price.vendor, model.provider, "{id}");
        }
    }
}

#[test]
fn both_tables_know_the_same_days_of_retirement() {
    let (models, prices) = (built_in(), Prices::built_in().unwrap());
    for model in prices.models().filter_map(|id| models.get(id)) {
        let gone = |on| match prices.price(&model.id, on) {
            Err(PriceError::Retired { on, .. }) => Some(on),
            Ok(_) | Err(_) => None,
        };
        match model.life.retires {
            Some(day) => {
                assert_eq!(gone(day), Some(day), "{}", model.id);
                assert_eq!(gone(day.yesterday().unwrap()), None, "{}", model.id);
            }
            None => assert_eq!(gone(date(2035, 1, 1)), None, "{}", model.id),
        }
    }
}

#[test]
fn a_model_that_goes_names_one_that_stays() {
    let models = built_in();
    for model in models.iter() {
        let goes = model.life.retires.is_some() || model.life.is_deprecated;
        if goes {
            let next = models.successor(model, TODAY).unwrap_or_else(|| panic!("nothing follows {}", model.id));
            assert_eq!(next.provider, model.provider, "{}", model.id);
            assert_eq!(next.wire.speaks(), model.wire.speaks(), "{}", model.id);
        }
    }
}

#[test]
fn what_is_said_of_a_model_follows_the_day() {
    let models = built_in();
    // The model, the day, what is said, the model to take.
    let table = [
        ("claude-sonnet-4-20250514", TODAY, "retired 2026-06-15", "claude-sonnet-5-5"),
        ("claude-opus-4-1-20250805", date(2026, 8, 4), "retiring 2026-08-05", "claude-opus-5-5"),
        ("claude-opus-4-1-20250805", date(2026, 8, 5), "retired 2026-08-05", "claude-opus-5-5"),
        ("gemini-2.5-pro", TODAY, "retiring 2026-12-01", "gemini-3.1-pro-preview"),
        ("gemini-2.5-pro", date(2026, 12, 1), "retired 2026-12-01", "gemini-3.1-pro-preview"),
        ("gemini-2.5-pro", date(2026, 10, 2), "retiring 2026-12-01", "gemini-3.1-pro-preview"),
        ("gemini-2.5-pro", date(2026, 10, 1), "deprecated", "gemini-3.1-pro-preview"),
        ("gemini-3.1-flash-lite", date(2027, 3, 7), "living", ""),
        ("gemini-3.1-flash-lite", date(2027, 3, 8), "retiring 2027-05-07", "gemini-3.5-flash-lite"),
        ("sonar-pro", TODAY, "retired 2026-09-27", "perplexity/sonar"),
        ("eleven_turbo_v2_5", TODAY, "deprecated", "eleven_flash_v2_5"),
        ("claude-opus-5-5", TODAY, "living", ""),
        ("claude-opus-9", TODAY, "unknown", ""),
    ];
    for (id, on, expected, next) in table {
        let (said, successor) = match models.standing(id, on) {
            Standing::Unknown => ("unknown".to_owned(), None),
            Standing::Living => ("living".to_owned(), None),
            Standing::Deprecated { successor, .. } => ("deprecated".to_owned(), successor),
            Standing::Retiring { on, successor } => (format!("retiring {on}"), successor),
            Standing::Retired { on, successor } => (format!("retired {on}"), successor),
        };
        assert_eq!((said.as_str(), successor.map_or("", |model| &model.id)), (expected, next), "{id} on {on}");
    }
}

#[test]
fn thinking_is_taken_as_the_generations_say() {
    let models = built_in();
    // The model, adaptive, a budget, off, whether it thinks unasked, and when a tool can be forced.
    let table = [
        ("claude-haiku-4-5-20251001", false, true, true, false, ForcedTool::UnlessBudget),
        ("claude-sonnet-4-6", true, true, true, false, ForcedTool::UnlessBudget),
        ("claude-opus-4-8", true, false, true, false, ForcedTool::Always),
        ("claude-opus-5", true, false, true, true, ForcedTool::Always),
        ("claude-haiku-5-5", true, false, true, true, ForcedTool::Always),
        ("claude-fable-5", true, false, false, true, ForcedTool::Always),
        ("claude-opus-5-5", true, false, false, true, ForcedTool::Never),
        ("claude-fable-5-1", true, false, false, true, ForcedTool::Never),
        ("claude-sonnet-5-5", true, false, false, true, ForcedTool::Never),
        ("gemini-2.5-pro", false, true, false, true, ForcedTool::Always),
        ("gemini-2.5-flash", false, true, true, true, ForcedTool::Always),
        ("gemini-4-argon", false, false, false, true, ForcedTool::Always),
    ];
    for (id, adaptive, budget, off, unasked, forced) in table {
        let takes = models.get(id).unwrap().text().into_owned();
        let thinking = takes.thinking;
        let found = (thinking.adaptive, thinking.budget.is_some(), thinking.off, thinking.unasked, takes.forced_tool);
        assert_eq!(found, (adaptive, budget, off, unasked, forced), "{id}");
        assert!(!(thinking.level && thinking.budget.is_some()), "{id}: both controls at once are refused");
    }
    assert!(models.get("claude-sonnet-5-5").unwrap().text().thinking.between_tools);
    assert_eq!(models.get("claude-opus-5").unwrap().text().thinking.off_up_to, Some(Effort::High));
    assert_eq!(models.get("gemini-2.5-flash-lite").unwrap().text().thinking.budget, Some((512, 24_576)));
    for (id, minimum) in [("claude-opus-4-6", 4_096), ("claude-opus-4-7", 2_048), ("claude-sonnet-5", 1_024)] {
        assert_eq!(models.get(id).unwrap().limits.cache_minimum, Some(minimum), "{id}");
    }
}

#[test]
fn an_unknown_model_is_asked_for_nothing_optional() {
    let models = built_in();
    let cases = [
        (Provider::Anthropic, "claude-opus-9", false, Wire::AnthropicMessages),
        (Provider::Gemini, "gemini-9", false, Wire::GeminiGenerateContent),
        (Provider::Perplexity, "maker/model", false, Wire::PerplexityAgent),
        (Provider::OpenAi, "some:1b", false, Wire::OpenAiChat),
        (Provider::OpenAi, "some-voice", true, Wire::OpenAiSpeech),
        (Provider::ElevenLabs, "eleven_v9", true, Wire::ElevenLabsSpeech),
        // A server of one's own that serves another provider's name is not that provider.
        (Provider::OpenAi, "claude-opus-5-5", false, Wire::OpenAiChat),
    ];
    for (provider, id, speaks, wire) in cases {
        let model = models.of(provider, id, speaks);
        assert_eq!((model.is_known, model.wire), (false, wire), "{id}");
        assert!(model.text().efforts.is_empty() && model.text().thinking == Thinking::default(), "{id}");
        assert_eq!(model.speech(), SpeechTakes::nothing(), "{id}");
        assert_eq!(model.room(5_000, Some(Effort::Max)), 5_000, "{id}");
    }
    assert!(models.of(Provider::Gemini, "models/gemini-4-argon", false).is_known);
    assert_eq!(models.of(Provider::Perplexity, "sonar-pro", false).wire, Wire::PerplexitySonar);
}

#[test]
fn an_answer_keeps_its_room_beside_what_is_thought_within_what_the_model_makes() {
    let models = built_in();
    let room = |id: &str, answer, effort| models.get(id).unwrap().room(answer, effort);
    assert_eq!(room("claude-opus-5-5", 10_000, None), 10_000 + Effort::Medium.room(), "it thinks unasked, at medium");
    assert_eq!(room("claude-opus-5-5", 10_000, Some(Effort::Low)), 10_000 + Effort::Low.room());
    assert_eq!(room("claude-opus-4-8", 10_000, None), 10_000, "it does not think unasked");
    assert_eq!(room("claude-opus-4-8", 10_000, Some(Effort::High)), 10_000 + Effort::High.room());
    assert_eq!(room("claude-opus-4-20250514", 31_000, Some(Effort::High)), 32_000, "no more than it makes");
    assert_eq!(room("gemini-2.5-flash-lite", 1_000, None), 1_000);
}

#[test]
fn the_nearest_level_is_not_above_the_one_that_was_asked() {
    let takes = |efforts: &[Effort]| TextTakes { efforts: efforts.to_vec(), ..TextTakes::nothing() };
    assert_eq!(takes(&[]).nearest(Effort::High), None);
    assert_eq!(takes(&[Effort::Low, Effort::High]).nearest(Effort::Medium), Some(Effort::Low));
    assert_eq!(takes(&[Effort::Low, Effort::High]).nearest(Effort::Max), Some(Effort::High));
    assert_eq!(takes(&[Effort::High]).nearest(Effort::Low), Some(Effort::High), "the least that it takes");
}

#[test]
fn a_table_of_ones_own_lies_over_the_one_that_ships() {
    let own = r#"
schema = 1
[[takes]]
name = "gateway"
sampling = "accepted"
thinking = []
thinks_unasked = false
structured = "native"
prefill = false
forced_tool = "never"
cache = "none"
[[model]]
id = "sonar-pro"
provider = "perplexity"
wire = "perplexity_sonar"
takes = "gateway"
context = 64000
[[model]]
id = "llama:70b"
provider = "openai"
wire = "openai_chat"
takes = "local-reasoning"
"#;
    let models = built_in().overlaid("models.toml", own).unwrap();
    assert_eq!(models.standing("sonar-pro", TODAY), Standing::Living, "behind a gateway it lives");
    assert_eq!(models.get("sonar-pro").unwrap().limits.context, Some(64_000));
    assert!(models.get("llama:70b").unwrap().text().thinking.level);
    assert_eq!(models.get("claude-opus-5-5"), built_in().get("claude-opus-5-5"));
}

#[test]
fn every_fault_is_told_with_its_place() {
    let group = "schema = 1\n[[takes]]\nname = \"g\"\nsampling = \"accepted\"\nthinking = []\nthinks_unasked = false\n\
                 structured = \"native\"\nprefill = false\nforced_tool = \"never\"\ncache = \"none\"\n";
    let model = "[[model]]\nid = \"m\"\nprovider = \"openai\"\nwire = \"openai_chat\"\ntakes = \"g\"\n";
    let sound = format!("{group}{model}");
    assert!(built_in().overlaid("m.toml", &sound).is_ok());
    // What is changed into what, the place, the fault.
    let table = [
        ("schema = 1", "schema = 2", "m.toml:1:10", "reads `schema = 1` and not 2"),
        ("\"accepted\"", "\"acepted\"", "m.toml:4:12", "did you mean `accepted`?"),
        ("thinking = []", "thinking = [\"bugdet\"]", "m.toml:5:12", "did you mean `budget`?"),
        ("thinking = []", "thinking = [\"budget\"]", "m.toml:5:12", "go together"),
        ("prefill = false\n", "", "m.toml:2:1", "`takes.prefill` is missing"),
        ("cache = \"none\"", "cache = \"none\"\nefforts = [\"hihg\"]", "m.toml:11:11", "did you mean `high`?"),
        ("cache = \"none\"", "cache = \"none\"\ndefault_effort = \"low\"", "m.toml:11:18", "not among `efforts`"),
        ("cache = \"none\"", "cache = \"none\"\nmood = 1", "m.toml:11:1", "is not known"),
        ("openai_chat", "anthropic_messages", "m.toml:14:8", "does not speak this wire"),
        ("openai_chat", "openai_speech", "m.toml:15:9", "is not for this wire"),
        ("takes = \"g\"", "takes = \"claude-5-6\"", "m.toml:15:9", "did you mean `claude-4-6`?"),
        ("takes = \"g\"", "takes = \"g\"\nsuccessor = \"n\"", "m.toml:16:13", "is no model of the table"),
        ("takes = \"g\"", "takes = \"g\"\nsuccessor = \"m\"", "m.toml:16:13", "cannot follow itself"),
        ("takes = \"g\"", "takes = \"g\"\nsuccessor = \"eleven_v4\"", "m.toml:16:13", "cannot do the work"),
        ("takes = \"g\"", "takes = \"g\"\nretires = \"2026-13-01\"", "m.toml:16:11", "`model.retires`"),
        (
            "takes = \"g\"",
            "takes = \"g\"\nreleased = \"2026-05-01\"\nretires = \"2026-04-01\"",
            "m.toml:17:11",
            "ends before it begins",
        ),
        (
            "takes = \"g\"",
            "takes = \"g\"\nnot_sooner_than = \"2026-05-01\"\nretires = \"2026-04-01\"",
            "m.toml:17:11",
            "sooner than",
        ),
    ];
    for (from, to, place, what) in table {
        let source = sound.replacen(from, to, 1);
        let told = built_in().overlaid("m.toml", &source).unwrap_err().to_string();
        assert!(told.contains(place) && told.contains(what), "{to}: {told}");
    }
    let twice = built_in().overlaid("m.toml", &format!("{sound}{model}")).unwrap_err().to_string();
    assert!(twice.contains("m.toml:17:6: the model `m` is there twice"), "{twice}");
}

proptest! {
    #[test]
    fn any_text_is_a_table_or_a_list_of_faults(source in "(schema = 1\n|\\[\\[model\\]\\]\n|id = \"[a-c]\"\n|takes = 1\n|wire = \"openai_chat\"\n|[a-z=\\[\\]\"\n ]{0,12}){0,12}") {
        let _ = built_in().overlaid("m", &source);
    }

    #[test]
    fn a_line_of_successors_that_turns_back_ends(steps in proptest::collection::vec(0_usize..6, 6)) {
        let mut models = built_in();
        for (nth, next) in steps.iter().enumerate() {
            let mut model = models.get("claude-opus-4-1-20250805").unwrap().clone();
            model.id = format!("m{nth}");
            model.life.successor = Some(format!("m{next}"));
            models.models.insert(model.id.clone(), model);
        }
        prop_assert_eq!(models.successor(models.get("m0").unwrap(), TODAY), None);
    }
}
