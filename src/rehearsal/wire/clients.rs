//! The real clients with the real prompts against the servers: a whole episode, and every class of fault as the client
//! understands it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::Waits;
use crate::config::models::Models;
use crate::domain::accept::apply_revision;
use crate::domain::handoff::{Contract, Dimension, Draft, Plan, Revision};
use crate::domain::ids::{ContentHash, LineId};
use crate::domain::research::read;
use crate::prompts::library::Library;
use crate::prompts::prompt::Prompt;
use crate::provider::call::{
    Answer, Content, Finish, Request, SpeechForm, SpeechRequest, TextRequest, Vendor, prepare,
};
use crate::provider::endpoint::Endpoint;
use crate::provider::error::{CallError, ChargeKnown, RetryClass};
use crate::provider::transport::{self, Limits, Transport};
use crate::rehearsal::{Fault, FaultProfile, Options, Rehearsal, drawn};

const PACKAGE: &[u8] = include_bytes!("../../../assets/research/kilogram.md");

struct Client {
    studio: Rehearsal,
    transport: Transport,
    prompts: Library,
    models: Models,
}

impl Client {
    async fn new(faults: FaultProfile) -> Self {
        Self::of(Options { faults, ..Options::default() }).await
    }

    async fn of(options: Options) -> Self {
        let waits = Waits { retry_after: Duration::from_secs(2), ..Waits::at(0.0) };
        let options = Options { seed: 4, pace: 0.0, waits: Some(waits), ..options };
        let studio = Rehearsal::start(options).await.unwrap();
        let transport = Transport::new(&transport::Options::default()).unwrap();
        Self { studio, transport, prompts: Library::built_in().unwrap(), models: Models::built_in().unwrap() }
    }

    async fn send(&self, vendor: Vendor, request: &Request, key: &str, attempt: u32) -> Result<Answer, CallError> {
        let base = match vendor {
            Vendor::Anthropic => self.studio.anthropic_base(),
            Vendor::Gemini => self.studio.gemini_base(),
            Vendor::ElevenLabs => self.studio.elevenlabs_base(),
            Vendor::OpenAi => self.studio.openai_base(),
            Vendor::Perplexity => self.studio.perplexity_base(),
        };
        let endpoint = Endpoint::new(vendor, &base, "rehearsal-key".into()).unwrap();
        let prepared = prepare(&self.models, vendor, request).unwrap();
        self.transport.send(&endpoint, &prepared, key, attempt, Limits::default(), &mut ()).await?.decode()
    }

    /// Asks an agent by its own prompt and holds its answer to the contract.
    async fn ask(&self, agent: &str, model: &str, given: &BTreeMap<String, Value>) -> Value {
        let prompt = self.prompts.latest(agent).unwrap();
        let content = prompt.slots.iter().map(|slot| (slot.clone(), given[slot].to_string())).collect();
        let rendered = prompt.render(&content).unwrap();
        let schema = serde_json::to_value(prompt.output.schema().unwrap()).unwrap();
        let request = Request::Text(TextRequest {
            model: model.to_owned(),
            system: rendered.system,
            user: rendered.user,
            max_tokens: prompt.max_tokens,
            schema: Some(schema.clone()),
            effort: None,
            remember: Default::default(),
            stable: 0,
        });
        let vendor = match model.split_once(['-', '/', ':']) {
            Some(("gemini", _)) => Vendor::Gemini,
            Some(("perplexity", _)) => Vendor::Perplexity,
            Some(("claude", _)) => Vendor::Anthropic,
            _ => Vendor::OpenAi,
        };
        let answer = self.send(vendor, &request, &format!("007-{agent}-0-1"), 0).await.unwrap();
        assert_eq!(answer.finish, Finish::Complete, "{agent}");
        assert!(answer.usage.is_some() && answer.rehearsal, "{agent}");
        let Content::Text(text) = answer.content else { panic!("{agent} spoke") };
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value), "{agent}: {value}");
        value
    }
}

#[tokio::test]
async fn an_episode_of_full_length_is_made_by_the_real_clients() {
    const OPUS: &str = "claude-opus-5-5";
    const SONNET: &str = "claude-sonnet-5-5";
    const HAIKU: &str = "claude-haiku-5-5";
    let client = Client::new(FaultProfile::None).await;
    let mut given = BTreeMap::new();
    given.insert("graph".to_owned(), json!([]));
    for left_out in ["angle", "research_notes"] {
        given.insert(left_out.to_owned(), Value::Null);
    }
    given.insert("research".to_owned(), serde_json::to_value(read(PACKAGE).unwrap()).unwrap());
    given.insert(
        "show".to_owned(),
        json!({
            "name": "Open Questions", "tagline": "t", "language": "en-GB", "words_per_minute": 150,
            "target_minutes": {"min": 25.0, "max": 30.0},
            "brand": {"voice": "v", "rules": [], "avoid": ["the truth is"], "samples": []},
            "speakers": [{"id": "HOST", "name": "Mara", "role": "host"}, {"id": "GUEST", "name": "Theo", "role": "guest"}],
        }),
    );
    for (agent, model, slot) in [
        ("production_orchestrator", SONNET, "brief"),
        ("episode_planner", SONNET, "plan"),
        ("script_writer", OPUS, "draft"),
    ] {
        let answer = client.ask(agent, model, &given).await;
        given.insert(slot.to_owned(), answer);
    }
    let plan: Plan = serde_json::from_value(given["plan"].clone()).unwrap();
    assert!(plan.segments.len() > 5);
    let draft: Draft = serde_json::from_value(given["draft"].clone()).unwrap();
    assert!(draft.script.measure().words.abs_diff(4_125) < 4_125 * 7 / 100);
    given.insert("script".to_owned(), serde_json::to_value(&draft.script).unwrap());
    let asked = Dimension::ALL.map(|dimension| json!({"dimension": dimension.name(), "floor": 4, "levels": {}}));
    given.insert("rubric".to_owned(), json!({"rubric": "rubric/1", "reading": 1, "dimensions": asked}));
    let mut items: Vec<Value> = Vec::new();
    for (agent, model, by) in [("quality_claude", OPUS, 'a'), ("quality_gemini", "gemini-3.1-pro-preview", 'b')] {
        let assessment = client.ask(agent, model, &given).await;
        for finding in assessment["findings"].as_array().unwrap() {
            let mut item = finding.clone();
            item["item"] = json!(format!("{by}:{}", finding["id"].as_str().unwrap()));
            items.push(item);
        }
    }
    given.insert("findings".to_owned(), Value::Array(items));
    let fixes = client.ask("feedback_synthesizer", SONNET, &given).await;
    let key = client.studio.answer_key();
    let hash = ContentHash::of(&serde_json::to_vec(&draft.script).unwrap());
    let lines: BTreeSet<LineId> = key[&hash].iter().map(|planted| planted.line).collect();
    assert_eq!(fixes["fixes"].as_array().unwrap().len(), lines.len(), "a fix for each line of the key: {fixes}");
    given.insert("fixes".to_owned(), json!({"fixes": fixes["fixes"], "text": ""}));
    let revision: Revision = serde_json::from_value(client.ask("script_polisher", OPUS, &given).await).unwrap();
    assert!(!revision.lines.is_empty());
    let next = apply_revision(&draft.script, &revision);
    let key = client.studio.answer_key();
    assert_eq!(key[&ContentHash::of(&serde_json::to_vec(&next).unwrap())], [], "nothing that was planted is left");
    let asks = format!("http://{}/answers", client.studio.addr());
    assert_eq!(reqwest::get(asks).await.unwrap().status(), 404, "the key is served to nobody");
    for (agent, model) in [
        ("final_reviewer", OPUS),
        ("tts_optimizer", SONNET),
        ("show_notes", HAIKU),
        ("artwork_brief", HAIKU),
        ("promotion", HAIKU),
    ] {
        client.ask(agent, model, &given).await;
    }
    let reading = client.studio.meter();
    assert_eq!((reading.totals.calls, reading.totals.completions, reading.keys.len()), (12, 12, 12));
    given.insert("disputes".to_owned(), json!([]));
    given.insert("topic".to_owned(), json!("Why did the continents drift past the geologists?"));
    for side in ["first", "second"] {
        given.insert(side.to_owned(), given["script"].clone());
    }
    // What is sent to the other wires is cut down in other ways, and has to bring the same.
    for model in ["qwen3:8b", "perplexity/sonar"] {
        // The seats of panels are given what only a talk has, and are tried in one.
        let is_given = |prompt: &&Prompt| prompt.slots.iter().all(|slot| given.contains_key(slot));
        let prompts: Vec<&Prompt> = client.prompts.prompts().filter(is_given).collect();
        assert!(prompts.len() >= 16, "{}", prompts.len());
        for prompt in prompts {
            client.ask(&prompt.name, model, &given).await;
        }
    }
    for prompt in client.prompts.prompts() {
        let schema = Some(serde_json::to_value(prompt.output.schema().unwrap()).unwrap());
        let Request::Text(asked) = judged("claude-opus-5-5", "") else { panic!("no text") };
        let request = Request::Text(TextRequest { schema, ..asked });
        let url = format!("{}/v1/messages/count_tokens", client.studio.anthropic_base());
        let counted =
            reqwest::Client::new().post(url).body(prepare(&client.models, Vendor::Anthropic, &request).unwrap().body);
        let counted = counted.header("x-api-key", "rehearsal-key").header("anthropic-version", "2026-10-21");
        let counted = counted.send().await.unwrap();
        assert_eq!(counted.status(), 200, "{}: {}", prompt.name, counted.text().await.unwrap());
    }
    assert_eq!(Contract::Draft.name(), "draft");
}

/// Makes a request out of a text that tells it from others.
type Make = fn(&str) -> Request;

fn spoken(text: &str) -> Request {
    Request::Speech(SpeechRequest {
        model: "eleven_flash_v2_5".into(),
        voice: "EXAVITQu4vr4xnSDxMaL".into(),
        text: text.into(),
        previous: None,
        next: None,
        seed: None,
        language: None,
        settings: None,
        previous_ids: Vec::new(),
        form: SpeechForm::Timed,
    })
}

fn judged(model: &str, note: &str) -> Request {
    let script = json!({"title": "T", "segments": []});
    Request::Text(TextRequest {
        model: model.into(),
        system: "You judge.".into(),
        user: format!("{note}\n<data name=\"script\">{script}</data>"),
        max_tokens: 4_000,
        schema: Some(serde_json::to_value(Contract::Judgement.schema().unwrap()).unwrap()),
        effort: None,
        remember: Default::default(),
        stable: 0,
    })
}

#[tokio::test]
async fn the_clients_know_what_to_do_about_almost_every_fault() {
    let client = Client::new(FaultProfile::Storm).await;
    let makes: [(Vendor, Make); 5] = [
        (Vendor::Anthropic, |note| judged("claude-opus-5-5", note)),
        (Vendor::Gemini, |note| judged("gemini-3.1-pro-preview", note)),
        (Vendor::ElevenLabs, spoken),
        (Vendor::OpenAi, |note| judged("qwen3:8b", note)),
        (Vendor::Perplexity, |note| judged("perplexity/sonar", note)),
    ];
    for (vendor, make) in makes {
        for fault in Fault::ALL {
            let mut requests = (0..40_000).map(|nth| make(&format!("Number {nth}.")));
            let meets = |request: &Request| {
                drawn(FaultProfile::Storm, 4, &prepare(&client.models, vendor, request).unwrap().body, 0) == Some(fault)
            };
            let request = requests.find(meets).unwrap();
            let first = client.send(vendor, &request, "k", 0).await;
            let told = format!("{vendor} {fault:?}: {first:?}");
            match fault {
                Fault::RateLimitedWithHint
                | Fault::RateLimited
                | Fault::Overloaded
                | Fault::ServerError
                | Fault::TimeOut
                | Fault::CutStream => {
                    let error = first.unwrap_err();
                    let again = matches!(error.class, RetryClass::RetryAfter | RetryClass::LowerConcurrency);
                    assert!(again && error.charge != ChargeKnown::Charged, "{told}");
                    assert_eq!(
                        error.charge == ChargeKnown::Uncertain,
                        matches!(fault, Fault::TimeOut | Fault::CutStream),
                        "{told}"
                    );
                    let hinted = fault == Fault::RateLimitedWithHint && vendor != Vendor::ElevenLabs;
                    assert_eq!(error.retry_after, hinted.then(|| Duration::from_secs(2)), "{told}");
                }
                Fault::MalformedJson => assert_eq!(first.unwrap_err().charge, ChargeKnown::Charged, "{told}"),
                Fault::SlowFirstByte | Fault::SchemaMiss => assert!(first.is_ok(), "{told}"),
                Fault::OverBilling => {
                    let usage = first.unwrap().usage.unwrap();
                    assert_eq!(usage.output > 4_000, vendor != Vendor::ElevenLabs, "{usage:?}");
                }
            }
            assert!(
                client.send(vendor, &request, "k", 9).await.is_ok(),
                "{vendor} {fault:?}: a later attempt is answered"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_searched_for_has_its_sources_and_the_bill_of_the_meter() {
    let client = Client::new(FaultProfile::None).await;
    let answer = client.send(Vendor::Perplexity, &judged("perplexity/sonar", ""), "k", 0).await.unwrap();
    let cited: Vec<bool> = answer.sources.iter().map(|source| source.is_cited).collect();
    assert_eq!(cited, [true, true, false]);
    assert!(
        answer.sources.iter().all(|source| source.date.is_some() && !source.title.is_empty()),
        "{:?}",
        answer.sources
    );
    let usage = answer.usage.unwrap();
    let counts = client.studio.meter().vendors["perplexity"];
    assert_eq!((usage.searches, counts.searches), (1, 1));
    assert_eq!(usage.cost.map(|cost| cost.0), Some(i64::try_from(counts.micro_usd).unwrap()));
    let local = client.send(Vendor::OpenAi, &judged("qwen3:8b", ""), "k2", 0).await.unwrap();
    assert_eq!((local.sources.len(), local.model.as_deref()), (0, Some("qwen3:8b")));
    assert_eq!(client.studio.meter().vendors["openai"].input_tokens, local.usage.unwrap().input);
}

#[tokio::test]
async fn the_same_is_heard_in_every_form_of_an_answer() {
    let client = Client::new(FaultProfile::None).await;
    let ask = async |vendor, model: &str, form| {
        let Request::Speech(spoken) = spoken("The sea comes in.") else { panic!("no speech") };
        let request = Request::Speech(SpeechRequest { model: model.to_owned(), form, ..spoken });
        let answer = client.send(vendor, &request, &format!("{form:?}"), 0).await.unwrap();
        let Content::Speech(speech) = answer.content else { panic!("no speech") };
        let said = speech.alignment.map(|alignment| alignment.characters.into_iter().collect::<String>());
        (speech.pcm, speech.sample_rate, said, answer.usage.and_then(|usage| usage.credits))
    };
    let told = Some("The sea comes in.".to_owned());
    let (pcm, ..) = ask(Vendor::ElevenLabs, "eleven_v3", SpeechForm::Timed).await;
    let forms = [
        (SpeechForm::Timed, told.clone()),
        (SpeechForm::TimedStream, told),
        (SpeechForm::Plain, None),
        (SpeechForm::PlainStream, None),
    ];
    for (form, said) in forms {
        // 17 characters at half a credit with Flash, rounded up.
        let heard = ask(Vendor::ElevenLabs, "eleven_flash_v2_5", form).await;
        assert_eq!(heard, (pcm.clone(), 24_000, said, Some(9)), "{form:?}");
    }
    for (form, rate) in [(SpeechForm::Wav, 24_000), (SpeechForm::Samples(24_000), 24_000)] {
        let heard = ask(Vendor::OpenAi, "kokoro", form).await;
        assert_eq!(heard, (pcm.clone(), rate, None, None), "{form:?}: one voice, whoever is asked for it");
    }
}

#[tokio::test]
async fn sonar_is_understood_behind_a_gateway_and_its_end_asks_for_another_model() {
    let gateway = Client::of(Options { sonar: true, ..Options::default() }).await;
    let answer = gateway.send(Vendor::Perplexity, &judged("sonar-pro", ""), "k", 0).await.unwrap();
    let (Content::Text(text), Finish::Complete) = (&answer.content, &answer.finish) else { panic!("{answer:?}") };
    assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
    assert!(answer.sources.iter().any(|source| source.is_cited), "{:?}", answer.sources);
    let counts = gateway.studio.meter().vendors["perplexity"];
    assert_eq!(answer.usage.unwrap().cost.map(|cost| cost.0), Some(i64::try_from(counts.micro_usd).unwrap()));
    let ended = Client::new(FaultProfile::None).await;
    let error = ended.send(Vendor::Perplexity, &judged("sonar-pro", ""), "k", 0).await.unwrap_err();
    assert_eq!((error.class, error.charge), (RetryClass::OtherModel, ChargeKnown::NotCharged), "{error}");
}
