//! Which calls are the same, so that the answer of one is the answer of the other.

use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;

use super::*;

#[test]
fn equal_calls_to_two_servers_of_ones_own_are_not_the_same_call() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let routes = routes(&["coordinator", "small"].map(|role| (role, "openai", "qwen3:8b", "none")));
    let made = async |base: &str, server: &str, number: u32| {
        let handle = loop {
            let mut options = options(folder.path(), base, Arc::new(RealDisk), Uncertain::Resend);
            let environment = Environment::of::<String, String>([], 1000).unwrap();
            options.settings = Settings::layered(Some(("config.toml", &routes)), &environment, &[]).unwrap();
            options.limits.reuse = true;
            let endpoint =
                Endpoint::new(Vendor::OpenAi, &format!("{base}/{server}"), "rehearsal-key".to_owned().into());
            options.endpoints.insert(Provider::OpenAi, endpoint.map_err(|error| error.to_string()));
            match open(options, &tokio::runtime::Handle::current()) {
                Ok((handle, _)) => break handle,
                // The lock is let go a moment after a shutdown was answered.
                Err(OpenError::Lock(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => panic!("{error}"),
            }
        };
        let number = EpisodeNumber(number);
        handle.begin(person(), new_episode("kilogram.md", number.0)).await.unwrap();
        decide_until_over(&handle, &[number], Duration::from_secs(60), false).await.unwrap();
        let episode = handle.past_episode(number).await.unwrap().unwrap();
        handle.shutdown().await;
        episode.calls.values().filter(|call| call.route.provider == Provider::OpenAi).count()
    };
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let first = made(&base, "openai", 1).await;
        assert!(first >= 3, "{first}");
        assert_eq!(made(&base, "vllm", 2).await, first, "another server is asked all of it");
        // The same servers at another port, as a rehearsal that was started again.
        let again = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", again.addr());
        assert_eq!(made(&base, "openai", 3).await, 0, "and the first one nothing again");
    });
}
