//! Profiles with planted faults: each must be found at its line, all of them at once, and none in a sound profile.

use super::*;

const SOUND: &str = r#"schema = 1
name = "Open Questions"
slug = "open-questions"
tagline = "What we know, and how."
language = "en-GB"
target_minutes = { min = 2.5, max = 30 }
words_per_minute = 150
deadline_days = 7
pipeline = "episode"

[brand]
voice = "Curious."
rules = ["Say what is not known."]
avoid = ["Hype."]
samples = []

[[speakers]]
id = "HOST"
name = "Mara"
role = "host"
voice = { provider = "elevenlabs", id = "v1" }

[[speakers]]
id = "GUEST"
name = "Tom"
role = "expert"
voice = { provider = "elevenlabs", id = "v2" }

[caps]
call = "4.00"
episode = "35.00"

[caps.stages]
script = "6.00"
voice = "20"

[policy]
# What the studio decides without asking.
override = "none"
uncertain = "ask"
corrections = 2

[speech]
engine = "provider"
"#;

fn parse(source: &str) -> Result<Show, Faults> {
    Show::parse("show.toml", source, Provider::ElevenLabs)
}

fn faults(source: &str) -> Vec<String> {
    parse(source).unwrap_err().0.iter().map(ToString::to_string).collect()
}

/// The sound profile with one text replaced; the text must be there.
fn with(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    SOUND.replacen(from, to, 1)
}

#[test]
fn a_sound_profile_is_read_whole() {
    let show = parse(SOUND).unwrap();
    assert_eq!(show.target, Target { min_ms: 150_000, max_ms: 1_800_000 });
    assert_eq!(show.speakers.len(), 2);
    assert_eq!(show.caps.episode, MicroUsd(35_000_000));
    assert_eq!(show.policy.uncertain, Some(Uncertain::Ask));
    assert_eq!(show.hash, ContentHash::of(SOUND.as_bytes()));
    let caps = show.caps_of(EpisodeNumber(7));
    assert_eq!(caps.get(&Scope::Call), Some(&MicroUsd(4_000_000)));
    let voice = Scope::Stage(EpisodeNumber(7), "voice".parse().unwrap());
    assert_eq!(caps.get(&voice), Some(&MicroUsd(20_000_000)));
    assert_eq!(caps.get(&Scope::Episode(EpisodeNumber(7))), Some(&MicroUsd(35_000_000)));
    assert_eq!(caps.len(), 4);
}

#[test]
fn what_may_be_left_out_has_its_usual_value() {
    let (head, _) = SOUND.split_once("[policy]").unwrap();
    let short = head.replace("words_per_minute = 150\ndeadline_days = 7\n", "").replace("call = \"4.00\"\n", "");
    let show = parse(&short).unwrap();
    assert_eq!((show.words_per_minute, show.deadline_days, show.caps.call), (150, 7, None));
    assert_eq!(show.policy, ShowPolicy::default());
    assert_eq!(show.engine, SpeechEngine::Provider);
    assert_eq!(
        show.rules(Uncertain::Resend).uncertain,
        Uncertain::Resend,
        "the studio decides where the show does not"
    );
    assert_eq!(parse(SOUND).unwrap().rules(Uncertain::Resend).uncertain, Uncertain::Ask);
}

#[test]
fn each_planted_fault_is_told_with_its_line() {
    let cases = [
        ("schema = 1", "schema = 2", "show.toml:1:10: this version of the program reads `schema = 1` and not 2"),
        ("name = \"Open", "nmae = \"Open", "show.toml:2:1: `nmae` is not known: did you mean `name`?"),
        ("tagline = \"What we know, and how.\"", "tagline = \" \"", "show.toml:4:11: `tagline` is empty"),
        ("\"What we", "\"\\u001b[2J", "show.toml:4:11: `tagline` holds the control character \\u{1b}"),
        ("open-questions", "../up", "show.toml:3:8: `slug` names files"),
        ("\"en-GB\"", "\"English\"", "show.toml:5:12: `English` is no language tag"),
        ("min = 2.5", "min = 31", "show.toml:6:26: `target_minutes.min` is more than"),
        (
            "min = 2.5",
            "min = 2.0005",
            "show.toml:6:26: `target_minutes.min` must be a number with at most three decimals",
        ),
        ("min = 2.5", "min = 0", "show.toml:6:26: `target_minutes.min` must lie above 0"),
        ("max = 30", "max = \"30\"", "show.toml:6:37: `target_minutes.max` must be a number"),
        ("max = 30", "mx = 30", "show.toml:6:31: `target_minutes.mx` is not known: did you mean `max`?"),
        ("words_per_minute = 150", "words_per_minute = 1500", "show.toml:7:20: `words_per_minute` must be a whole"),
        ("\"episode\"", "\"../episode\"", "show.toml:9:12: `pipeline`: `.` is not allowed"),
        ("avoid = [\"Hype.\"]", "avoid = [\"Hype.\", 3]", "show.toml:14:19: `brand.avoid` must be a text in quotes"),
        ("id = \"HOST\"", "id = \"host\"", "show.toml:18:6: `host` is no speaker's id"),
        ("id = \"GUEST\"", "id = \"HOST\"", "show.toml:24:6: the speaker `HOST` stands on line 18 already"),
        ("\"elevenlabs\", id = \"v2\"", "\"gemini\", id = \"v2\"", "show.toml:27:22: a voice of `gemini` cannot speak"),
        ("\"elevenlabs\", id = \"v2\"", "\"eleven\", id = \"v2\"", "did you mean `elevenlabs`?"),
        ("\"elevenlabs\", id = \"v2\"", "\"espeak-ng\", id = \"v2\"", "must be one of `elevenlabs`"),
        ("engine = \"provider\"", "engine = \"espeak-ng\"", "must be one of `espeak-ng`, since `speech.engine`"),
        (
            "call = \"4.00\"",
            "call = 4.00",
            "show.toml:30:8: `caps.call` must be a text in quotes, and this is a number",
        ),
        ("call = \"4.00\"", "call = \"-4\"", "show.toml:30:8: `caps.call`: `-4` is not an amount"),
        ("call = \"4.00\"", "call = \"35.01\"", "show.toml:30:8: a call may cost 35.01 USD"),
        ("script = \"6.00\"", "script = \"36\"", "show.toml:34:1: the stage `script` may cost 36.00 USD"),
        ("script = \"6.00\"", "script = \"15.01\"", "show.toml:33:1: the stages together may cost 35.01 USD"),
        ("script = \"6.00\"", "\"a/b\" = \"6.00\"", "show.toml:34:1: `a/b` is no stage's name"),
        ("override = \"none\"", "override = \"me\"", "show.toml:39:12: `policy.override` cannot be `me`"),
        (
            "uncertain = \"ask\"",
            "uncertain = \"aks\"",
            "show.toml:40:13: `policy.uncertain` cannot be `aks`: did you mean",
        ),
        (
            "corrections = 2",
            "corrections = 3",
            "show.toml:41:15: `policy.corrections` must be a whole number from 0 to 2",
        ),
        ("[speech]", "[spech]", "show.toml:43:2: `spech` is not known: did you mean `speech`?"),
        ("name = \"Mara\"\n", "", "show.toml:17:1: `speakers.name` is missing"),
        ("[brand]", "[brand", "show.toml:11:7: this is not TOML"),
        (
            "pipeline = \"episode\"",
            "pipeline = \"episode\"\nslug = \"a\"",
            "show.toml:10:1: this is not TOML: duplicate key",
        ),
    ];
    for (from, to, expected) in cases {
        let found = faults(&with(from, to));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{to}: expected {expected}, found {found:#?}");
    }
}

#[test]
fn one_fault_is_one_fault() {
    for (from, to) in [("id = \"GUEST\"", "id = \"HOST\""), ("[speech]", "[spech]"), ("min = 2.5", "min = 31")] {
        assert_eq!(faults(&with(from, to)).len(), 1, "{to}: {:#?}", faults(&with(from, to)));
    }
    let both = faults(&with("engine = \"provider\"", "engine = \"espeak-ng\""));
    assert_eq!(both.len(), 2, "both speakers have the wrong voice: {both:#?}");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let source = with("slug = \"open-questions\"", "slug = \"A\"")
        .replace("corrections = 2", "corections = 2")
        .replace("id = \"GUEST\"", "id = \"HOST\"")
        .replace("episode = \"35.00\"", "episode = \"3.00\"");
    let lines: Vec<usize> = parse(&source).unwrap_err().0.iter().map(|fault| fault.place.line).collect();
    assert_eq!(lines, [3, 24, 30, 33, 34, 35, 41]);
    let text = parse(&source).unwrap_err().to_string();
    assert!(text.ends_with("Nothing was started and nothing was spent: mend the file and try again."), "{text}");
}

#[test]
fn a_show_without_a_speaker_is_refused() {
    let (before, rest) = SOUND.split_once("[[speakers]]").unwrap();
    let (_, after) = rest.split_once("[caps]").unwrap();
    let without = format!("{before}[caps]{after}");
    assert!(faults(&without).iter().any(|fault| fault.contains("there is no speaker")));
    let empty = without.replace("pipeline = \"episode\"", "pipeline = \"episode\"\nspeakers = []");
    assert!(faults(&empty).iter().any(|fault| fault.starts_with("show.toml:10:12: there is no speaker")));
    let one = without.replace("pipeline = \"episode\"", "pipeline = \"episode\"\nspeakers = \"Mara\"");
    assert_eq!(faults(&one).len(), 1, "{:#?}", faults(&one));
}

#[test]
fn an_empty_file_misses_everything_that_it_needs() {
    let found = faults("");
    for key in ["schema", "name", "slug", "tagline", "language", "target_minutes", "pipeline", "brand", "caps"] {
        assert!(found.iter().any(|fault| fault.contains(&format!("`{key}` is missing"))), "{key}: {found:#?}");
    }
}

#[test]
fn a_voice_of_this_machine_speaks_where_the_show_says_so() {
    let source = with("engine = \"provider\"", "engine = \"espeak-ng\"").replace("\"elevenlabs\"", "\"espeak-ng\"");
    let show = parse(&source).unwrap();
    assert_eq!(show.engine, SpeechEngine::EspeakNg);
    assert!(show.speakers.iter().all(|speaker| speaker.voice.provider == VoiceProvider::EspeakNg));
}

#[test]
fn a_cap_of_a_stage_that_the_pipeline_lacks_is_found() {
    let show = parse(SOUND).unwrap();
    let stages = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(show.check_against(&stages(&["script", "voice", "plan"])), Ok(()));
    let found = show.check_against(&stages(&["scripts", "voice"])).unwrap_err().0;
    let expected = "show.toml:34:1: `script` is no stage of the pipeline `episode`: did you mean `scripts`?";
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn the_slot_holds_numbers_and_no_voices() {
    let slot: serde_json::Value = serde_json::from_str(&parse(SOUND).unwrap().slot_json()).unwrap();
    assert_eq!(
        slot,
        json!({
            "name": "Open Questions",
            "tagline": "What we know, and how.",
            "language": "en-GB",
            "target_minutes": {"min": 2.5, "max": 30},
            "words_per_minute": 150,
            "brand": {"voice": "Curious.", "rules": ["Say what is not known."], "avoid": ["Hype."], "samples": [],
                      "guardrails": {"required": [], "explicit": false, "disclosure": ["AI", "artificial intelligence"],
                                     "max_sentence_words": 45, "max_turn_words": 140}},
            "speakers": [
                {"id": "HOST", "name": "Mara", "role": "host"},
                {"id": "GUEST", "name": "Tom", "role": "expert"},
            ],
        })
    );
    for (ms, expected) in [(60_000, "1"), (150_000, "2.5"), (60, "0.001"), (1_500_000, "25"), (600_000, "10")] {
        assert_eq!(minutes(ms), expected);
    }
}

#[test]
fn the_shows_that_ship_are_sound_and_fit_the_pipeline_that_ships() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows");
    let mut shows = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let show = Show::load(&entry.unwrap().path(), Provider::ElevenLabs).unwrap();
        let pipeline = crate::config::pipeline::PipelineFile::load(Path::new("/nowhere"), &show.pipeline).unwrap();
        assert_eq!(show.check_against(&pipeline.stage_names()), Ok(()), "{}", show.name);
        assert_eq!(ContentHash::of(show.source.as_bytes()), show.hash);
        shows += 1;
    }
    assert_eq!(shows, 3);
}

#[test]
fn an_amount_too_small_to_show_in_cents_is_shown_whole() {
    let found = faults(&with("call = \"4.00\"", "call = \"35.000001\""));
    assert_eq!(found, ["show.toml:30:8: a call may cost 35.000001 USD, and the whole episode only 35.00 USD"]);
}

proptest::proptest! {
    /// A file cut or damaged anywhere is refused or read, and never ends the program.
    #[test]
    fn no_damage_makes_the_reader_panic(cut in 0_usize..900, with in "(=|\\[|\\]|\"|é|\n|\\{|'''|\\.|0x|1e9|1979-05-27){0,4}") {
        let at = (0..=cut.min(SOUND.len())).rev().find(|at| SOUND.is_char_boundary(*at)).unwrap();
        let (before, after) = SOUND.split_at(at);
        for source in [format!("{before}{with}{after}"), format!("{before}{with}")] {
            let _ = parse(&source);
            let _ = crate::config::prices::Prices::parse("p", &source);
            let _ = crate::config::pipeline::PipelineFile::parse("p", &source);
        }
    }
}
