//! Prompts that may not fit their model: what their provider counts decides, and the bound where nobody counts.

use greenroom::config::models::Models;
use greenroom::domain::episode::Call;
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;

use super::*;

/// A model of each provider that counts for nothing, with its row but for the room.
const COUNTED: [(&str, &str); 2] = [
    (
        "claude-sonnet-5-5",
        "provider = \"anthropic\"\nwire = \"anthropic_messages\"\ntakes = \"claude-sonnet-5-5\"\noutput = 128000\n",
    ),
    (
        "gemini-3.1-pro-preview",
        "provider = \"gemini\"\nwire = \"gemini_generate_content\"\ntakes = \"gemini-3\"\noutput = 65536\n",
    ),
];

/// The table of models in which these have room for so many tokens.
fn with_room(room: &[(&str, u64)]) -> Models {
    let row = |(model, context): &(&str, u64)| {
        let (_, row) = COUNTED.into_iter().find(|(known, _)| known == model).unwrap();
        format!("[[model]]\nid = \"{model}\"\ncontext = {context}\ncache_minimum = 512\n{row}")
    };
    let rows: String = room.iter().map(row).collect();
    Models::built_in().unwrap().overlaid("models.toml", &format!("schema = 1\n{rows}")).unwrap()
}

/// Begins an episode in a studio of its own, and gives what it comes to: the episode, or why a stage of it cannot go on.
async fn made(folder: &Path, base: &str, models: Models, is_there: bool) -> Result<Arc<Episode>, String> {
    fs::create_dir(folder).unwrap();
    let mut options = options(folder, base, Arc::new(RealDisk), Uncertain::Resend);
    options.models = models;
    if !is_there {
        let dead = Endpoint::new(Vendor::Anthropic, "http://127.0.0.1:9", "rehearsal-key".to_owned().into());
        options.endpoints.insert(Provider::Anthropic, dead.map_err(|error| error.to_string()));
    }
    let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
    handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
    let mut snapshots = handle.snapshots();
    let failed = async {
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            let runs = snapshot.episodes.iter().flat_map(|episode| episode.stages.values());
            let failed =
                runs.filter_map(|stage| stage.run.as_ref()?.failed.clone()).find(|why| why.contains("room for"));
            if let Some(why) = failed {
                return why;
            }
            snapshots.changed().await.unwrap();
        }
    };
    let made = tokio::select! {
        why = failed => Err(why),
        done = decide_until_over(&handle, &[ONE], Duration::from_secs(60), false) => {
            done.unwrap();
            Ok(handle.past_episode(ONE).await.unwrap().unwrap())
        }
    };
    handle.shutdown().await;
    made
}

/// The calls of a model, by their keys.
fn calls<'a>(episode: &'a Episode, model: &'a str) -> impl Iterator<Item = (&'a IntentKey, &'a Call)> {
    episode.calls.iter().filter(move |(_, call)| call.route.model == model)
}

/// The prompt and the longest answer of a call, as they were reserved.
fn reserved(call: &Call) -> (u64, u64) {
    let window = call.window.unwrap();
    (u64::from(window.prompt), u64::from(window.answer))
}

/// What the prompt of a call had, by its bill.
fn prompt(call: &Call) -> u64 {
    let used = call.usage();
    used.input + used.cache_write + used.cache_write_1h + used.cache_read
}

#[test]
fn a_prompt_that_may_not_fit_is_counted_by_its_provider_and_refused_by_its_count_alone() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let made =
        async |name: &str, base: &str, models, is_there| made(&folder.path().join(name), base, models, is_there).await;
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let roomy = made("roomy", &base, Models::built_in().unwrap(), true).await.unwrap();
        // Room for what every call takes, and less than the bounds say that one of each model may take.
        let room = COUNTED.map(|(model, _)| {
            let most = |(_, call)| {
                let (bound, answer) = reserved(call);
                assert!(bound > prompt(call), "{bound} is a bound of {}", prompt(call));
                bound * 7 / 8 + answer
            };
            (model, calls(&roomy, model).map(most).max().unwrap())
        });
        let narrow = made("narrow", &base, with_room(&room), true).await.unwrap();
        for (model, room) in room {
            let mut counted = 0;
            for (key, call) in calls(&narrow, model) {
                let (of_prompt, answer) = reserved(call);
                assert!(of_prompt + answer <= room, "{key}");
                let bound = roomy.calls.get(key).map(reserved).filter(|(bound, answer)| bound + answer > room);
                if let Some((bound, _)) = bound {
                    counted += 1;
                    assert_eq!(of_prompt, prompt(call), "{key} was counted, and not bounded at {bound}");
                }
            }
            eprintln!(
                "{model}: {counted} of {} calls were counted, with room for {room}",
                calls(&narrow, model).count()
            );
            assert!(counted > 0, "{model}: room for {room}");
        }
        // The first stage, by the token: it fits by the count, and does not.
        let (model, _) = COUNTED[0];
        let (_, brief) = calls(&roomy, model).find(|(key, _)| key.stage.as_str() == "brief").unwrap();
        let (bound, answer) = reserved(brief);
        let needed = prompt(brief) + answer;
        let refused = made("full", &base, with_room(&[(model, needed - 1)]), true).await.unwrap_err();
        let said = format!("by its provider's count has {} tokens", prompt(brief));
        assert!(refused.contains(&said) && refused.contains("together 1 more"), "{refused}");
        let unasked = made("dead", &base, with_room(&[(model, needed)]), false).await.unwrap_err();
        let said = format!("may have {bound} tokens");
        assert!(unasked.contains(&said), "where nobody counts, the bound decides: {unasked}");
    });
}
