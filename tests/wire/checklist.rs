//! What every client and every rehearsed server must have been tried with, and the tests and cases that try it. The list is that
//! of the documentation that both were written from; a name that no file has any more fails.

use std::fs;
use std::path::Path;

/// A clause: what it asks for, and what tries it, each as a file and the names of tests or cases in it.
type Clause = (&'static str, &'static [(&'static str, &'static [&'static str])]);

const FAKE_ANTHROPIC: &str = "src/rehearsal/wire/anthropic/tests.rs";
const FAKE_GEMINI: &str = "src/rehearsal/wire/gemini/tests.rs";
const FAKE_PERPLEXITY: &str = "src/rehearsal/wire/perplexity/tests.rs";
const FAKE_VOICE: &str = "src/rehearsal/wire/elevenlabs/tests.rs";
const FAKE_LOCAL: &str = "src/rehearsal/wire/openai/tests.rs";
const FAKES: &str = "src/rehearsal/wire/tests.rs";
const ANTHROPIC: &str = "tests/wire/anthropic.rs";
const GEMINI: &str = "tests/wire/gemini.rs";
const PERPLEXITY: &str = "tests/wire/perplexity.rs";
const VOICE: &str = "tests/wire/elevenlabs.rs";
const LOCAL: &str = "tests/wire/openai.rs";
const TARGETS: &str = "tests/wire/targets.rs";
const PRICES: &str = "src/config/prices/tests.rs";
const METER: &str = "src/rehearsal/meter.rs";

/// The checklist: the servers' oddities in front, the clients behind.
const CHECKLIST: &[Clause] = &[
    (
        "1 Anthropic refuses prefill, sampling, `thinking.enabled` and a forced tool by generation, and 404 for retired ids",
        &[
            (FAKE_ANTHROPIC, &["each_generation_takes_what_the_tables_say", "retired_model"]),
            (
                ANTHROPIC,
                &[
                    "nothing_is_sent_that_a_model_refuses",
                    "a prefill",
                    "a parameter of sampling",
                    "a model that is retired",
                ],
            ),
        ],
    ),
    (
        "1 Anthropic wants its version",
        &[(FAKE_ANTHROPIC, &["a_request_without_a_version_or_of_another_one_is_refused"])],
    ),
    (
        "2 pings and an unknown event in Anthropic's streams",
        &[
            (FAKE_ANTHROPIC, &["ping_and_unknown_event"]),
            (ANTHROPIC, &["pings and events that nobody knows", "blocks and deltas that nobody knows"]),
        ],
    ),
    (
        "2 a stream that ends in `event: error`, and one without `message_stop`",
        &[
            (FAKE_ANTHROPIC, &["error_event", "no_message_stop"]),
            (ANTHROPIC, &["an error in the middle of a stream", "a stream without an end"]),
        ],
    ),
    (
        "2 frames cut anywhere, within a letter too",
        &[
            (FAKE_ANTHROPIC, &["split_utf8"]),
            (FAKE_GEMINI, &["split_utf8"]),
            (ANTHROPIC, &["several text blocks are one answer, in more than one byte a letter"]),
            (GEMINI, &["more than one byte a letter"]),
            (TARGETS, &["sse"]),
        ],
    ),
    (
        "2 Gemini's lines end in `\\r\\n`",
        &[
            (FAKE_GEMINI, &["a_stream_ends_its_lines_with_crlf_and_comes_to_what_the_whole_says"]),
            (GEMINI, &["a plain stream", "line feeds alone"]),
            (ANTHROPIC, &["carriage returns"]),
        ],
    ),
    (
        "3 two `message_delta` whose counts grow and are not added",
        &[(FAKE_ANTHROPIC, &["two_message_deltas"]), (ANTHROPIC, &["counts that grow are not added"])],
    ),
    (
        "4 a prompt that Gemini blocks: no candidates and a `promptFeedback`",
        &[
            (FAKE_GEMINI, &["blocked_prompt"]),
            (
                GEMINI,
                &["a prompt that is blocked has no candidates and is billed", "a prompt that is blocked in a stream"],
            ),
        ],
    ),
    (
        "4 a candidate without parts and MAX_TOKENS, and thoughts among the parts",
        &[
            (FAKE_GEMINI, &["no_parts", "thoughts"]),
            (
                GEMINI,
                &[
                    "all tokens went into thinking",
                    "thoughts are no part of the text and outside the candidates",
                    "counts grow and are not added",
                ],
            ),
        ],
    ),
    ("4 a bad key that is 400", &[(FAKE_GEMINI, &["bad_key"]), (GEMINI, &["a bad key is a bad request"])]),
    (
        "4 429 with a `RetryInfo`",
        &[
            (FAKE_GEMINI, &["quota_retry_info", "quota_per_day"]),
            (
                GEMINI,
                &[
                    "a quota for the minute says how long",
                    "a part of a second to wait",
                    "a quota for the day does not come back by waiting",
                ],
            ),
        ],
    ),
    (
        "4 a `modelVersion` that is not the model that was asked",
        &[
            (
                FAKE_GEMINI,
                &["other_model_version", "a_model_that_is_routed_answers_as_another_and_costs_what_that_one_does"],
            ),
            (GEMINI, &["the_model_that_answered_is_told_and_not_the_one_that_was_asked"]),
        ],
    ),
    (
        "5 200 with `status: failed`",
        &[(FAKE_PERPLEXITY, &["failed_200"]), (PERPLEXITY, &["failed with a status of 200", "failed in a stream"])],
    ),
    (
        "5 an output without search results",
        &[
            (FAKE_PERPLEXITY, &["no_search_results"]),
            (
                PERPLEXITY,
                &[
                    "the_pages_that_an_answer_rests_on_are_kept_and_none_are_made_up",
                    "an answer without a page that was found",
                ],
            ),
        ],
    ),
    (
        "5 kinds of items that nobody knows",
        &[(FAKE_PERPLEXITY, &["unknown_items"]), (PERPLEXITY, &["items that nobody knows"])],
    ),
    (
        "5 the older chat has ended",
        &[
            (FAKE_PERPLEXITY, &["perplexity.sonar_retired"]),
            (PERPLEXITY, &["the older wire has ended", "the same with another status"]),
        ],
    ),
    (
        "6 401 that is an empty account, and 401 that is a wrong key",
        &[(FAKE_VOICE, &["quota_401", "bad_key_401"]), (VOICE, &["an empty account is 401 too", "a wrong key"])],
    ),
    (
        "6 both kinds of 429",
        &[
            (FAKE_VOICE, &["too_many_concurrent", "system_busy"]),
            (VOICE, &["too many at once for the plan", "the vendor is busy"]),
        ],
    ),
    (
        "6 pieces with null times and blank lines between",
        &[
            (FAKE_VOICE, &["all_four_ways_say_the_same_samples", "elevenlabs.null_alignment"]),
            (VOICE, &["a stream with null times and blank lines", "no times at all"]),
        ],
    ),
    (
        "6 `character-cost` at half the length for Flash",
        &[
            (FAKES, &["a_voice_speaks_with_times_for_every_character"]),
            (FAKE_VOICE, &["elevenlabs.credits_header"]),
            (VOICE, &["one document", "a whole credit a character", "no header says a cost"]),
        ],
    ),
    (
        "7 no counts at all",
        &[
            (FAKE_LOCAL, &["no_usage"]),
            (LOCAL, &["no counts at all", "neither counts nor mark", "a whole answer without counts"]),
        ],
    ),
    ("7 no `[DONE]`", &[(FAKE_LOCAL, &["no_done"]), (LOCAL, &["no mark at the end"])]),
    (
        "7 an error in a frame of a stream of status 200",
        &[
            (FAKE_LOCAL, &["error_frame", "ends_in_middle"]),
            (LOCAL, &["an error frame within a stream of status 200", "a stream that just ends, as with Ollama"]),
        ],
    ),
    (
        "7 null content beside reasoning",
        &[
            (FAKE_LOCAL, &["null_content_reasoning"]),
            (LOCAL, &["a whole answer with null content and reasoning", "nothing but thoughts"]),
        ],
    ),
    (
        "7 an error that is a bare text",
        &[
            (FAKE_LOCAL, &["bare_error", "unwrapped_error"]),
            (
                LOCAL,
                &[
                    "a bare text as an error",
                    "a bare text as an error of status 200",
                    "an older vLLM without a wrapping",
                ],
            ),
        ],
    ),
    (
        "8 days from which a price holds: Argon, Flash, Sonnet's cache",
        &[
            (METER, &["caches_batches_fees_and_days_are_priced_as_the_vendor_lists_them"]),
            (
                GEMINI,
                &[
                    "the last day of a price",
                    "the first day of the next price",
                    "the last day of Flash's lower price",
                    "the first day of Flash's higher price",
                ],
            ),
            (
                ANTHROPIC,
                &["reading from the cache before its price fell", "reading from the cache since its price fell"],
            ),
        ],
    ),
    (
        "8 tiers by the size of the prompt: 100,000 for Haiku, 200,000 for Gemini Pro",
        &[
            (
                ANTHROPIC,
                &["a prompt of just the lower tier", "a prompt that is over the tier with what is read from the cache"],
            ),
            (
                GEMINI,
                &[
                    "a prompt of just the lower tier",
                    "a prompt that is over the tier with what is cached reprices all of it",
                ],
            ),
        ],
    ),
    (
        "8 prices of the cache of their own",
        &[
            (FAKE_ANTHROPIC, &["a_prefix_is_written_once_read_after_and_metered_at_its_prices"]),
            (
                ANTHROPIC,
                &[
                    "a split of what was written to the cache comes at the start alone",
                    "what was written without a split is taken at the dearer price",
                ],
            ),
            (GEMINI, &["what was read from the cache is inside the prompt"]),
        ],
    ),
    (
        "9 a model that nobody knows costs an unknown sum",
        &[
            (ANTHROPIC, &["a model whose price nobody knows costs an unknown sum, not nothing"]),
            (LOCAL, &["a model without a price costs nobody knows what, and not nothing"]),
            (VOICE, &["a model without a price"]),
            (PRICES, &["an_unknown_model_is_refused_with_the_nearest_one"]),
        ],
    ),
    (
        "10 whole micro-dollars, rounded up once",
        &[
            (METER, &["prices_are_rounded_up_once_for_each_call"]),
            (PERPLEXITY, &["a bill below a micro-dollar is one, not nothing", "a bill with the noise of adding up"]),
            (GEMINI, &["counts that contradict one another neither wrap nor vanish"]),
            (PRICES, &["no_bill_within_its_bounds_passes_its_worst_case"]),
        ],
    ),
];

/// Whether a source has a test of this name, or a case or a fault that is called so.
fn has(source: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("\"{name}\"")].iter().any(|form| source.contains(form.as_str()))
}

#[test]
fn every_clause_of_the_checklist_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    let mut names = 0;
    for (clause, tried) in CHECKLIST {
        assert!(!tried.is_empty(), "{clause} is tried by nothing");
        for (file, wanted) in *tried {
            let source = fs::read_to_string(root.join(file)).expect("a source of this repository");
            names += wanted.len();
            missing.extend(
                wanted.iter().filter(|name| !has(&source, name)).map(|name| format!("{clause}: {file} {name}")),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    let item = |clause: &str| clause.split(' ').next().and_then(|item| item.parse::<u32>().ok());
    let mut items: Vec<u32> = CHECKLIST.iter().filter_map(|(clause, _)| item(clause)).collect();
    items.dedup();
    assert_eq!(items, (1..=10).collect::<Vec<_>>(), "ten items, in their order");
    println!("the checklist: {} clauses, tried by {names} tests and cases", CHECKLIST.len());
}

#[test]
fn a_name_that_is_gone_is_missed() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FAKE_ANTHROPIC)).expect("a source");
    assert!(has(&source, "error_event") && has(&source, "each_generation_takes_what_the_tables_say"));
    assert!(!has(&source, "error_even") && !has(&source, "each_generation_takes_what_the_tables"));
}
