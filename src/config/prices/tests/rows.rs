//! The table that ships, row by row: the providers' list prices of November 2026, written down here once more.

use super::*;

/// Model, service, day, search size, tokens of the prompt at least; then in dollars a million: prompt, answer, written to the
/// cache for five minutes, for an hour, read from it; and the fee of a request in dollars. A `-` is not stated: then what is
/// written to or read from the cache costs what the prompt costs, except in a tier, whose cache is tried by hand elsewhere.
const TOKENS: &str = "\
claude-opus-4-20250514 standard 2026-11-24 - 0 15 75 18.75 30 1.5 -
claude-opus-4-20250514 batch 2026-11-24 - 0 7.5 37.5 9.375 15 0.75 -
claude-sonnet-4-20250514 standard 2026-11-24 - 0 3 15 3.75 6 0.3 -
claude-sonnet-4-20250514 standard 2026-11-24 - 200001 6 22.5 - - - -
claude-sonnet-4-20250514 batch 2026-11-24 - 0 1.5 7.5 1.875 3 0.15 -
claude-sonnet-4-20250514 batch 2026-11-24 - 200001 3 11.25 - - - -
claude-opus-4-1-20250805 standard 2026-11-24 - 0 15 75 18.75 30 1.5 -
claude-opus-4-1-20250805 batch 2026-11-24 - 0 7.5 37.5 9.375 15 0.75 -
claude-sonnet-4-5-20250929 standard 2026-11-24 - 0 3 15 3.75 6 0.3 -
claude-sonnet-4-5-20250929 batch 2026-11-24 - 0 1.5 7.5 1.875 3 0.15 -
claude-haiku-4-5-20251001 standard 2026-11-24 - 0 1 5 1.25 2 0.1 -
claude-haiku-4-5-20251001 batch 2026-11-24 - 0 0.5 2.5 0.625 1 0.05 -
claude-opus-4-5-20251101 standard 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-opus-4-5-20251101 batch 2026-11-24 - 0 2.5 12.5 3.125 5 0.25 -
claude-opus-4-6 standard 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-opus-4-6 batch 2026-11-24 - 0 2.5 12.5 3.125 5 0.25 -
claude-sonnet-4-6 standard 2026-11-24 - 0 3 15 3.75 6 0.3 -
claude-sonnet-4-6 batch 2026-11-24 - 0 1.5 7.5 1.875 3 0.15 -
claude-opus-4-7 standard 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-opus-4-7 batch 2026-11-24 - 0 2.5 12.5 3.125 5 0.25 -
claude-opus-4-8 standard 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-opus-4-8 batch 2026-11-24 - 0 2.5 12.5 3.125 5 0.25 -
claude-fable-5 standard 2026-11-24 - 0 10 50 12.5 20 1 -
claude-fable-5 batch 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-mythos-5 standard 2026-11-24 - 0 10 50 12.5 20 1 -
claude-mythos-5 batch 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-sonnet-5 standard 2026-11-24 - 0 2 10 2.5 4 0.2 -
claude-sonnet-5 batch 2026-11-24 - 0 1 5 1.25 2 0.1 -
claude-opus-5 standard 2026-11-24 - 0 5 25 6.25 10 0.5 -
claude-opus-5 batch 2026-11-24 - 0 2.5 12.5 3.125 5 0.25 -
claude-fable-5-1 standard 2026-11-24 - 0 10 50 12.5 20 0.25 -
claude-fable-5-1 batch 2026-11-24 - 0 5 25 6.25 10 0.125 -
claude-mythos-5-1 standard 2026-11-24 - 0 10 50 12.5 20 0.25 -
claude-mythos-5-1 batch 2026-11-24 - 0 5 25 6.25 10 0.125 -
claude-opus-5-5 standard 2026-11-24 - 0 4 20 5 8 0.2 -
claude-opus-5-5 batch 2026-11-24 - 0 2 10 2.5 4 0.1 -
claude-sonnet-5-5 standard 2026-11-24 - 0 2 10 2.5 4 0.1 -
claude-sonnet-5-5 batch 2026-11-24 - 0 1 5 1.25 2 0.05 -
claude-haiku-5-5 standard 2026-11-24 - 0 0.1 0.5 0.125 0.2 0.01 -
claude-haiku-5-5 batch 2026-11-24 - 0 0.05 0.25 0.0625 0.1 0.005 -
claude-haiku-5-5 standard 2026-11-24 - 100001 0.5 2.5 0.625 1 0.05 -
claude-haiku-5-5 batch 2026-11-24 - 100001 0.25 1.25 0.3125 0.5 0.025 -
claude-opus-5 fast 2026-11-24 - 0 10 50 12.5 20 1 -
claude-opus-4-8 fast 2026-11-24 - 0 10 50 12.5 20 1 -
claude-opus-5-5 fast 2026-11-24 - 0 8 40 10 16 0.4 -
gemini-2.5-pro standard 2026-11-24 - 0 1.25 10 - - 0.125 -
gemini-2.5-pro standard 2026-11-24 - 200001 2.5 15 - - 0.25 -
gemini-2.5-pro batch 2026-11-24 - 0 0.625 5 - - - -
gemini-2.5-pro batch 2026-11-24 - 200001 1.25 7.5 - - - -
gemini-2.5-pro priority 2026-11-24 - 0 2.25 18 - - - -
gemini-2.5-flash standard 2026-11-24 - 0 0.3 2.5 - - 0.03 -
gemini-2.5-flash batch 2026-11-24 - 0 0.15 1.25 - - - -
gemini-2.5-flash-lite standard 2026-11-24 - 0 0.1 0.4 - - 0.01 -
gemini-2.5-flash-lite batch 2026-11-24 - 0 0.05 0.2 - - - -
gemini-3-flash-preview standard 2026-11-24 - 0 0.5 3 - - 0.05 -
gemini-3-flash-preview batch 2026-11-24 - 0 0.25 1.5 - - - -
gemini-3.1-pro-preview standard 2026-11-24 - 0 2 12 - - 0.2 -
gemini-3.1-pro-preview standard 2026-11-24 - 200001 4 18 - - 0.4 -
gemini-3.1-pro-preview batch 2026-11-24 - 0 1 6 - - - -
gemini-3.1-pro-preview batch 2026-11-24 - 200001 2 9 - - - -
gemini-3.1-flash-lite standard 2026-11-24 - 0 0.25 1.5 - - 0.025 -
gemini-3.1-flash-lite batch 2026-11-24 - 0 0.125 0.75 - - - -
gemini-3.5-flash standard 2026-11-24 - 0 1.5 9 - - 0.15 -
gemini-3.5-flash batch 2026-11-24 - 0 0.75 4.5 - - - -
gemini-3.5-flash-lite standard 2026-11-24 - 0 0.3 2.5 - - 0.03 -
gemini-3.5-flash-lite batch 2026-11-24 - 0 0.15 1.25 - - - -
gemini-3.6-flash standard 2026-11-24 - 0 0.75 3.75 - - 0.075 -
gemini-3.6-flash batch 2026-11-24 - 0 0.375 1.875 - - - -
gemini-3.6-flash standard 2027-01-01 - 0 1.5 7.5 - - 0.15 -
gemini-3.6-flash batch 2027-01-01 - 0 0.75 3.75 - - - -
gemini-3.7-flash standard 2026-11-24 - 0 0.75 3.75 - - 0.075 -
gemini-3.7-flash batch 2026-11-24 - 0 0.375 1.875 - - - -
gemini-3.7-flash standard 2027-01-01 - 0 1.5 7.5 - - 0.15 -
gemini-3.7-flash batch 2027-01-01 - 0 0.75 3.75 - - - -
gemini-3.8-flash standard 2026-11-24 - 0 0.75 3.75 - - 0.075 -
gemini-3.8-flash batch 2026-11-24 - 0 0.375 1.875 - - - -
gemini-3.8-flash standard 2027-01-01 - 0 1.5 7.5 - - 0.15 -
gemini-3.8-flash batch 2027-01-01 - 0 0.75 3.75 - - - -
gemini-4-argon standard 2026-11-24 - 0 2 10 - - 0.1 -
gemini-4-argon batch 2026-11-24 - 0 1 5 - - - -
gemini-4-argon standard 2026-12-01 - 0 4 20 - - 0.2 -
gemini-4-argon batch 2026-12-01 - 0 2 10 - - - -
sonar standard 2026-11-24 low 0 1 1 - - - 0.005
sonar standard 2026-11-24 medium 0 1 1 - - - 0.008
sonar standard 2026-11-24 high 0 1 1 - - - 0.012
sonar-pro standard 2026-11-24 low 0 3 15 - - - 0.006
sonar-pro standard 2026-11-24 medium 0 3 15 - - - 0.01
sonar-pro standard 2026-11-24 high 0 3 15 - - - 0.014
sonar-reasoning standard 2026-11-24 low 0 1 5 - - - 0.005
sonar-reasoning standard 2026-11-24 medium 0 1 5 - - - 0.008
sonar-reasoning standard 2026-11-24 high 0 1 5 - - - 0.014
sonar-reasoning-pro standard 2026-11-24 low 0 2 8 - - - 0.006
sonar-reasoning-pro standard 2026-11-24 medium 0 2 8 - - - 0.01
sonar-reasoning-pro standard 2026-11-24 high 0 2 8 - - - 0.014
sonar-deep-research standard 2026-11-24 - 0 2 8 - - - -
perplexity/sonar standard 2026-11-24 - 0 0.25 2.5 - - 0.0625 -
";

/// Voice, dollars a million characters, the most characters of a request.
const CHARACTERS: &str = "\
eleven_v4 80 10000
eleven_v4_turbo 40 10000
eleven_v3 80 5000
eleven_v3_conversational 40 5000
eleven_multilingual_v2 80 10000
eleven_flash_v2_5 40 40000
eleven_flash_v2 40 30000
eleven_turbo_v2_5 40 40000
eleven_turbo_v2 40 30000
kokoro 0 4096
";

fn rate(text: &str) -> PicoUsd {
    PicoUsd::per_million(text).unwrap()
}

#[test]
fn every_row_of_a_model_of_text_states_the_list_price() {
    let prices = built_in();
    let mut seen = std::collections::BTreeSet::new();
    for line in TOKENS.lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let [model, service, day, size, prompt, input, output, write, write_1h, read, fee] = cells[..] else {
            panic!("{line}")
        };
        let day: Date = day.parse().unwrap();
        let row = prices.models[model].iter().find(|row| row.holds(day)).unwrap();
        let Rates::Tokens(tokens) = &row.rates else { panic!("{line}") };
        let services = [Service::Standard, Service::Batch, Service::Fast, Service::Priority];
        let service = services.into_iter().find(|known| known.name() == service).unwrap();
        let search = match size {
            "low" => Some(SearchSize::Low),
            "medium" => Some(SearchSize::Medium),
            "high" => Some(SearchSize::High),
            _ => None,
        };
        let graded = tokens.service(service).unwrap();
        let rates = graded.of(prompt.parse().unwrap());
        assert_eq!((rates.input, rates.output), (rate(input), rate(output)), "{line}");
        assert!(prompt == "0" || graded.of(prompt.parse::<u64>().unwrap() - 1) == graded.base, "{line}");
        for (stated, found) in [(write, rates.cache_write), (write_1h, rates.cache_write_1h), (read, rates.cache_read)]
        {
            if stated != "-" || prompt == "0" {
                assert_eq!(found, rate(if stated == "-" { input } else { stated }), "{line}");
            }
        }
        let terms = Terms { service, search };
        let fee = if fee == "-" { PicoUsd(0) } else { PicoUsd(fee.parse::<MicroUsd>().unwrap().0 * 1_000_000) };
        assert_eq!(tokens.request.on(terms), fee, "{line}");
        seen.insert(model);
    }
    // No row has prices that are not written down here.
    let of_text = |(id, rows): (&String, &Vec<Price>)| matches!(rows[0].rates, Rates::Tokens(_)).then(|| id.clone());
    let all: Vec<String> = prices.models.iter().filter_map(of_text).collect();
    assert_eq!(all, seen.into_iter().map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn every_voice_states_the_list_price() {
    let prices = built_in();
    for line in CHARACTERS.lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let expected = Rates::Characters { each: rate(cells[1]), most: cells[2].parse().unwrap() };
        assert_eq!(prices.models[cells[0]][0].rates, expected, "{line}");
    }
    let voices = prices.models.values().flatten().filter(|row| matches!(row.rates, Rates::Characters { .. }));
    assert_eq!(voices.count(), CHARACTERS.lines().count());
}

#[test]
fn tools_and_what_deep_research_counts_apart_state_the_list_price() {
    let prices = built_in();
    let tools: Vec<(Provider, &str, i64)> =
        prices.tools.iter().map(|tool| (tool.vendor, tool.id.as_str(), tool.each.0 / 1_000_000)).collect();
    let expected = [
        (Provider::Anthropic, "web_search", 10_000),
        (Provider::Gemini, "google_search (2.x)", 35_000),
        (Provider::Gemini, "google_search (3.x and later)", 14_000),
        (Provider::Perplexity, "web_search", 2_500),
        (Provider::Perplexity, "web_search (search_type=fast)", 1_000),
        (Provider::Perplexity, "fetch_url", 500),
        (Provider::Perplexity, "people_search", 5_000),
        (Provider::Perplexity, "finance_search", 5_000),
        (Provider::Perplexity, "image_search", 2_500),
        (Provider::Perplexity, "search-api", 5_000),
    ];
    assert_eq!(tools, expected);
    let Rates::Tokens(deep) = &prices.models["sonar-deep-research"][0].rates else { panic!() };
    assert_eq!((deep.standard.base.citation, deep.standard.base.reasoning), (rate("2"), rate("3")));
    assert_eq!(deep.searches.unwrap().each, PicoUsd(5_000_000_000));
}

#[test]
fn the_servers_of_ones_own_are_free_and_two_models_have_no_known_price() {
    let prices = built_in();
    let with = |wanted: &Rates| -> Vec<&str> {
        let rows = prices.models.values().flatten().filter(|row| row.rates == *wanted);
        rows.map(|row| row.id.as_str()).collect()
    };
    assert_eq!(with(&Rates::Free), ["llama.cpp/*", "lmstudio/*", "local/*", "ollama/*", "qwen3:8b", "vllm/*"]);
    assert_eq!(with(&Rates::Unknown), ["claude-fable-5-2", "claude-mythos-5-2"]);
}
