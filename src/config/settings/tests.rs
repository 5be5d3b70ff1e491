//! Layers, origins and planted faults.

use jiff::civil::date;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied(), 0).unwrap()
}

fn of_file(source: &str) -> Result<Settings, Faults> {
    Settings::layered(Some(("config.toml", source)), &environment(&[]), &[])
}

fn defaults() -> Settings {
    Settings::layered(None, &environment(&[]), &[]).unwrap()
}

fn origin(settings: &Settings, key: &str) -> String {
    settings.rows().iter().find(|row| row.key == key).map(|row| format!("{} ({})", row.value, row.origin)).unwrap()
}

#[test]
fn the_defaults_are_whole_and_every_route_has_a_price() {
    let (settings, prices) = (defaults(), Prices::built_in().unwrap());
    assert_eq!(settings.caps, StudioCaps { day: MicroUsd(100_000_000), month: MicroUsd(1_000_000_000) });
    assert_eq!(settings.name, None);
    assert_eq!(settings.voice_provider(), Provider::ElevenLabs);
    for role in Role::ALL {
        let routes = settings.routes(*role, &prices, date(2026, 11, 24)).unwrap();
        match role {
            Role::JudgeA | Role::JudgeB | Role::Arbiter | Role::Researcher | Role::Voice => {
                assert!(routes.fallback.is_empty(), "{role}");
            }
            Role::Coordinator | Role::Writer | Role::Small => assert!(!routes.fallback.is_empty(), "{role}"),
        }
        assert!(!routes.fallback.contains(&routes.primary), "{role}");
    }
}

#[test]
fn the_program_behind_openais_wire_is_known_where_its_address_is_and_else_is_said() {
    use super::habits::{Server, SpeechFormat, VoiceContext, VoiceForm};
    let habits = |file: &str| of_file(file).unwrap().providers.habits;
    let usual = defaults().providers.habits;
    assert_eq!((usual.server, usual.server_context), (Server::Ollama, None), "the default address is Ollama's");
    assert_eq!((usual.voice_form, usual.voice_context), (VoiceForm::Timestamps, VoiceContext::None));
    assert_eq!((usual.speech_format, usual.speech_rate), (SpeechFormat::Wav, 24_000));
    let at = |address: &str| habits(&format!("[providers.openai]\nbase_url = \"{address}\"\n")).server;
    assert_eq!(at("http://127.0.0.1:8080"), Server::Other);
    assert_eq!(at("https://api.openai.com"), Server::OpenAi);
    let said = "[providers.openai]\nbase_url = \"http://127.0.0.1:8080\"\nserver = \"llamacpp\"\ncontext_tokens = 8192\n\
                speech_format = \"pcm\"\nspeech_rate = 22050\n[providers.elevenlabs]\nform = \"stream\"\ncontext = \"text\"\n";
    let said = habits(said);
    assert_eq!((said.server, said.server_context), (Server::LlamaCpp, Some(8_192)));
    assert_eq!((said.speech_format, said.speech_rate), (SpeechFormat::Pcm, 22_050));
    assert_eq!((said.voice_form, said.voice_context), (VoiceForm::Stream, VoiceContext::Text));
    for (server, words) in
        Server::ALL.iter().map(|(name, server)| (*server, format!("[providers.openai]\nserver = \"{name}\"\n")))
    {
        assert_eq!(habits(&words).server, server, "every name of the table is one of the settings");
    }
    let wrong =
        of_file("[providers.openai]\nserver = \"olama\"\n[providers.elevenlabs]\nform = \"mp3\"\n").unwrap_err();
    let wrong = wrong.to_string();
    assert!(wrong.contains("did you mean `ollama`?") && wrong.contains("providers.elevenlabs.form"), "{wrong}");
}

#[test]
fn a_higher_layer_wins_and_every_value_knows_where_it_comes_from() {
    let file = "name = \"File\"\n[caps]\nday = \"5\"\n[providers.gemini]\nbase_url = \"https://f.example/\"\nconcurrency = 2\n";
    let variables = [("GREENROOM_AS", "Env"), ("GREENROOM_GEMINI_BASE_URL", "http://127.0.0.1:99/")];
    let flag = FlagValue { key: "name", value: "Flag".to_owned(), flag: "--as" };
    let layered = |flags: &[FlagValue]| {
        Settings::layered(Some(("/c/config.toml", file)), &environment(&variables), flags).unwrap()
    };
    let settings = layered(&[flag]);
    assert_eq!(settings.name.as_deref(), Some("Flag"));
    assert_eq!(settings.providers.of(Provider::Gemini).base_url, "http://127.0.0.1:99");
    assert_eq!(settings.providers.of(Provider::Gemini).concurrency, 2);
    assert_eq!(layered(&[]).name.as_deref(), Some("Env"));
    assert_eq!(of_file(file).unwrap().name.as_deref(), Some("File"));
    let origins = [
        ("name", "Flag (flag --as)"),
        ("caps.day", "5.00 (/c/config.toml:3)"),
        ("caps.month", "1000.00 (default)"),
        ("providers.gemini.base_url", "http://127.0.0.1:99 (environment GREENROOM_GEMINI_BASE_URL)"),
        ("providers.gemini.concurrency", "2 (/c/config.toml:6)"),
        ("console.bell", "true (default)"),
    ];
    for (key, expected) in origins {
        assert_eq!(origin(&settings, key), expected);
    }
}

#[test]
fn each_planted_fault_is_told_with_its_line() {
    let cases = [
        ("caps.dya = \"5\"", "config.toml:1:6: `caps.dya` is not known: did you mean `day`?"),
        ("\n[cap]\nday = \"5\"", "config.toml:2:2: `cap` is not known: did you mean `caps`?"),
        ("[caps]\nday = 5", "config.toml:2:7: `caps.day` must be an amount in dollars in quotes"),
        ("[caps]\nday = \"5 USD\"", "config.toml:2:7: `caps.day` must be an amount"),
        ("caps = 5", "config.toml:1:8: `caps` must be a table"),
        ("[caps]\nday = \"50\"\nmonth = \"10\"", "config.toml:2:7: a day may cost 50.00 USD"),
        (
            "[providers.gemni]\nenabled = true",
            "config.toml:1:12: `providers.gemni` is not known: did you mean `gemini`?",
        ),
        ("[providers.gemini]\nenabled = \"yes\"", "config.toml:2:11: `providers.gemini.enabled` must be true or false"),
        (
            "[providers.gemini]\nconcurrency = 0",
            "config.toml:2:15: `providers.gemini.concurrency` must be a whole number",
        ),
        ("[providers.gemini]\napi_key = \"sk\"", "config.toml:2:1: a key never stands in this file: name a file"),
        (
            "[providers.gemini]\nbase_url = \"http://example.com\"",
            "config.toml:2:12: `providers.gemini.base_url` must begin with https://",
        ),
        ("[providers.gemini]\nbase_url = \"https://me:pw@example.com\"", "without a name, a password or a query"),
        ("[providers.gemini]\nbase_url = \"example.com\"", "`providers.gemini.base_url` is no address"),
        ("[providers.gemini]\nbase_url = \"file:///etc\"", "must begin with https://"),
        (
            "[routes.writer]\nprovider = \"antropic\"",
            "config.toml:2:12: `routes.writer.provider` cannot be `antropic`: did you mean",
        ),
        ("[routes.editor]\nmodel = \"m\"", "config.toml:1:9: `routes.editor` is not known"),
        ("[retry]\nbase_seconds = 90", "config.toml:2:16: the first wait is longer"),
        (
            "[retry]\nattempts = 2.5",
            "`retry.attempts` must be a whole number from 1 to 20, and this is a number with decimals",
        ),
        ("[console]\ncolor = \"red\"", "config.toml:2:9: `console.color` cannot be `red`"),
        (
            "[console]\nundo_seconds = 601",
            "config.toml:2:16: `console.undo_seconds` must be a whole number from 0 to 600",
        ),
        ("name = \"\"", "config.toml:1:8: `name` must be a text of one line"),
        ("name = \"a\\u001b[2J\"", "config.toml:1:8: `name` must be a text of one line"),
        ("name = ", "config.toml:1:8: this is not TOML: string values must be quoted"),
    ];
    for (source, expected) in cases {
        let found = of_file(source).unwrap_err().to_string();
        assert!(found.contains(expected), "{source}: expected {expected}, found\n{found}");
    }
}

#[test]
fn a_decision_can_be_taken_back_for_a_time_that_is_set_and_may_be_none() {
    assert_eq!(defaults().console.undo, Duration::from_secs(20));
    assert_eq!(of_file("[console]\nundo_seconds = 0").unwrap().console.undo, Duration::ZERO);
}

#[test]
fn a_key_is_kept_from_the_default_local_server_alone_unless_it_is_said_otherwise() {
    let sends = |source: &str| of_file(source).unwrap().providers.of(Provider::OpenAi).send_key;
    let own = "[providers.openai]\nbase_url = \"https://models.example.org\"\n";
    let table = [
        ("", false),
        ("[providers.openai]\nsend_key = true\n", true),
        (own, true),
        (&format!("{own}send_key = false\n"), false),
        (&format!("{own}send_key = true\n"), true),
    ];
    for (source, expected) in table {
        assert_eq!(sends(source), expected, "{source}");
    }
    assert_eq!(origin(&of_file(own).unwrap(), "providers.openai.send_key"), "true (config.toml:2)");
    assert_eq!(origin(&defaults(), "providers.openai.send_key"), "false (default)");
    let moved = environment(&[("GREENROOM_OPENAI_BASE_URL", "http://127.0.0.1:8080")]);
    assert!(Settings::layered(None, &moved, &[]).unwrap().providers.of(Provider::OpenAi).send_key);
    for provider in Provider::ALL.into_iter().filter(|provider| *provider != Provider::OpenAi) {
        assert!(defaults().providers.of(provider).send_key, "{provider}");
        let fault = of_file(&format!("[providers.{provider}]\nsend_key = false\n")).unwrap_err().to_string();
        assert!(fault.contains("send_key` is not known"), "{fault}");
    }
    let leaked = of_file("[providers.openai]\nkey = \"sk-secret\"\n").unwrap_err().to_string();
    assert!(leaked.contains("a key never stands in this file") && !leaked.contains("sk-secret"), "{leaked}");
}

#[test]
fn the_arbiter_is_of_a_third_family_and_the_researcher_searches() {
    let prices = Prices::built_in().unwrap();
    let settings = defaults();
    let provider = |role| settings.routes(role, &prices, date(2026, 11, 24)).unwrap().primary.provider;
    assert_eq!((provider(Role::Arbiter), provider(Role::Researcher)), (Provider::OpenAi, Provider::Perplexity));
    for judge in [Role::JudgeA, Role::JudgeB] {
        assert_ne!(provider(judge), provider(Role::Arbiter));
    }
}

#[test]
fn all_faults_of_all_layers_are_told_at_once() {
    let variables = environment(&[("GREENROOM_ANTHROPIC_BASE_URL", "ftp://x")]);
    let flags = [FlagValue { key: "caps.day", value: "much".to_owned(), flag: "--day" }];
    let faults = Settings::layered(Some(("c", "a = 1\n[console]\nfps = 0\n")), &variables, &flags).unwrap_err();
    let found: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(
        found.iter().any(|fault| fault.starts_with("GREENROOM_ANTHROPIC_BASE_URL: `providers.anthropic.base_url`"))
    );
    assert!(found.iter().any(|fault| fault.starts_with("--day: `caps.day` must be an amount")), "{found:#?}");
}

#[test]
fn a_route_to_another_model_does_not_keep_the_default_beside_it() {
    let prices = Prices::built_in().unwrap();
    let on = date(2026, 11, 24);
    let writer = |source: &str| of_file(source).unwrap().routes(Role::Writer, &prices, on);
    let own = writer("[routes.writer]\nprovider = \"gemini\"\nmodel = \"gemini-3.8-flash\"\n").unwrap();
    assert_eq!((own.primary.provider, own.fallback, own.cheaper), (Provider::Gemini, vec![], None));
    let none = writer("[routes.writer]\nfallback = \"none\"\n").unwrap();
    assert_eq!((none.fallback, none.cheaper.is_some()), (vec![], true));
    let other = writer("[routes.writer]\nfallback = \"gemini-3.8-flash\"\n").unwrap();
    assert_eq!(
        other.fallback.first().map(|route| route.provider),
        Some(Provider::Gemini),
        "a fallback may be of another family"
    );
}

#[test]
fn a_role_may_name_its_models_in_order() {
    let prices = Prices::built_in().unwrap();
    let writer = |source: &str| of_file(source).and_then(|s| s.routes(Role::Writer, &prices, date(2026, 11, 24)));
    let models = |routes: RoleRoutes| {
        let all = std::iter::once(routes.primary).chain(routes.fallback);
        all.map(|route| route.model).collect::<Vec<_>>()
    };
    let listed = writer(
        "[routes.writer]\nmodels = [\"claude-sonnet-5-5\", \"gemini-3.8-flash\", \"claude-sonnet-5-5\", \"claude-haiku-5-5\"]\n",
    );
    let order = ["claude-sonnet-5-5", "gemini-3.8-flash", "claude-haiku-5-5"];
    assert_eq!(models(listed.unwrap()), order, "never one twice");
    let beside = writer("[routes.writer]\nfallback = [\"gemini-3.8-flash\", \"claude-haiku-5-5\"]\n").unwrap();
    assert_eq!(models(beside), ["claude-opus-5-5", "gemini-3.8-flash", "claude-haiku-5-5"]);
    let both =
        "[routes.writer]\nprovider = \"anthropic\"\nmodel = \"claude-opus-5-5\"\nmodels = [\"claude-haiku-5-5\"]\n";
    assert!(writer(both).unwrap_err().to_string().contains("leave out one of the two"));
    assert!(writer("[routes.writer]\nmodels = []\n").unwrap_err().to_string().contains("a list of 1 to 8"));
    assert!(writer("[routes.writer]\nmodels = [3]\n").is_err());
}

#[test]
fn a_route_that_cannot_be_called_is_told_where_it_is_set() {
    let prices = Prices::built_in().unwrap();
    let cases = [
        (
            "[routes.writer]\nmodel = \"claude-opus-6\"",
            "config.toml:2:9: `routes.writer`: the model `claude-opus-6` is not in",
        ),
        ("[routes.writer]\nmodel = \"claude-opus-4-20250514\"", "was retired on 2026-06-15: use `claude-opus-5-5`"),
        ("[routes.writer]\nmodel = \"gemini-3.8-flash\"", "`gemini-3.8-flash` is a model of gemini, not of anthropic"),
        ("[providers.anthropic]\nenabled = false", "`claude-opus-5-5` is a model of anthropic, which is not enabled"),
    ];
    for (source, expected) in cases {
        let found = of_file(source).unwrap().routes(Role::Writer, &prices, date(2026, 11, 24)).unwrap_err().to_string();
        assert!(found.contains(expected), "{source}: expected {expected}, found\n{found}");
    }
}

#[test]
fn a_model_of_unknown_price_is_called_within_the_cap_of_its_route_or_not_at_all() {
    let prices = Prices::built_in().unwrap();
    let on = date(2026, 11, 24);
    for model in ["claude-mythos-5-2", "claude-next"] {
        let route = format!("[routes.writer]\nmodel = \"{model}\"\n");
        let error = of_file(&route).unwrap().routes(Role::Writer, &prices, on).unwrap_err().to_string();
        assert!(error.starts_with("config.toml:2:9: `routes.writer`: ") && error.contains("`cap`"), "{error}");
        let settings = of_file(&format!("{route}cap = \"0.50\"\n")).unwrap();
        let routes = settings.routes(Role::Writer, &prices, on).unwrap();
        assert_eq!((routes.primary.provider, routes.primary.model.as_str()), (Provider::Anthropic, model));
        assert_eq!(settings.cap_of(model), Some(MicroUsd(500_000)));
        assert_eq!(settings.cap_of("claude-opus-5-5"), None, "only what a route with a cap names");
    }
    let local = "[routes.writer]\nprovider = \"openai\"\nmodel = \"lmstudio/any-model\"\n";
    let routes = of_file(local).unwrap().routes(Role::Writer, &prices, on).unwrap();
    assert_eq!(routes.primary.provider, Provider::OpenAi, "free because the row of its server says so");
}

#[test]
fn a_file_is_read_where_it_is_and_its_key_files_count_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Settings::load(folder.path(), &environment(&[]), &[]).unwrap().caps, defaults().caps);
    std::fs::write(folder.path().join("config.toml"), "[providers.gemini]\nkey_file = \"gemini.key\"\n").unwrap();
    let settings = Settings::load(folder.path(), &environment(&[]), &[]).unwrap();
    let expected = folder.path().join("gemini.key");
    assert_eq!(settings.providers.of(Provider::Gemini).key_file.as_deref(), Some(expected.as_path()));
    std::fs::write(folder.path().join("config.toml"), "what").unwrap();
    assert!(matches!(Settings::load(folder.path(), &environment(&[]), &[]), Err(LoadError::Faults(_))));
}

#[test]
fn a_proxy_is_taken_where_it_is_set_or_asked_for_and_its_password_never_shows() {
    let variables = [("HTTPS_PROXY", "http://ada:hush@gate.example:3128"), ("NO_PROXY", "inner.example, .local")];
    let of = |file: &str, variables: &[(&str, &str)]| {
        Settings::layered(Some(("config.toml", file)), &environment(variables), &[])
    };
    let quiet = of("", &variables).unwrap().network;
    assert_eq!((quiet.proxy, quiet.ignored), (None, Some("HTTPS_PROXY")));
    assert_eq!(quiet.direct, ["localhost", "127.0.0.1", "::1"]);
    let followed = of("[network]\nproxy = \"environment\"", &variables).unwrap().network;
    assert_eq!(followed.proxy.as_ref().unwrap().reveal(), "http://ada:hush@gate.example:3128");
    assert_eq!((followed.from, followed.ignored), (Some("HTTPS_PROXY"), None));
    assert_eq!(followed.direct.last().map(String::as_str), Some(".local"));
    let file = "[network]\nproxy = \"http://bo:hush@other.example:1\"\ndirect = \"none\"\nca_file = \"ca.pem\"";
    let set = of(file, &variables).unwrap();
    assert_eq!(origin(&set, "network.proxy"), "http://***@other.example:1 (config.toml:2)");
    assert!(set.network.direct.is_empty() && set.network.ignored.is_none() && set.network.ca_file.is_some());
    assert!(!format!("{set:?} {followed:?}").contains("hush"));
    assert_eq!(of("[network]\nproxy = \"environment\"", &[]).unwrap().network.proxy, None);
    let wrong = [("https_proxy", "socks5://ada:hush@gate.example")];
    for (file, variables, place) in [
        ("[network]\nproxy = \"environment\"", &wrong[..], "https_proxy: `network.proxy` must be"),
        ("[network]\nproxy = \"ada:hush\"", &[], "config.toml:2:9: `network.proxy` must be"),
    ] {
        let said = of(file, variables).unwrap_err().to_string();
        assert!(said.starts_with(place) && !said.contains("hush"), "{said}");
    }
}

#[test]
fn each_provider_is_spoken_to_as_the_settings_say() {
    let wire = |source: &str, provider| of_file(source).unwrap().providers.of(provider).wire.clone();
    let usual = wire("", Provider::Anthropic);
    assert_eq!((usual.version.as_deref(), usual.is_bearer), (Some("2023-06-01"), false));
    assert_eq!((usual.remembers, usual.headers), (Remembers::FiveMinutes, Vec::new()));
    let source = "[providers.anthropic]\nversion = \"2026-10-21\"\nauth = \"bearer\"\nremembers = \"off\"\n\
                  [providers.anthropic.headers]\nX-Team = \"sound\"\n[providers.gemini]\nheaders = { x-a = \"1\", x-b = \"2\" }\n";
    let own = wire(source, Provider::Anthropic);
    assert_eq!((own.version.as_deref(), own.is_bearer), (Some("2026-10-21"), true));
    assert_eq!(own.remembers, Remembers::Off);
    assert_eq!(own.headers, [("x-team".to_owned(), "sound".to_owned())]);
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    assert_eq!(wire(source, Provider::Gemini).headers, pairs(&[("x-a", "1"), ("x-b", "2")]));
    assert_eq!(wire(source, Provider::ElevenLabs).headers, []);
    assert_eq!(origin(&of_file(source).unwrap(), "providers.anthropic.headers.x-team"), "sound (config.toml:6)");
    let faults = [
        (
            "[providers.gemini.headers]\nAuthorization = \"Bearer x\"",
            "config.toml:2:17: `providers.gemini.headers.Authorization` carries a key",
        ),
        ("[providers.gemini.headers]\nx-goog-api-key = \"x\"", "carries a key"),
        ("[providers.anthropic.headers]\nanthropic-version = \"1\"", "is set by the program itself"),
        ("[providers.gemini.headers]\nx-a = 1", "must be a text in quotes"),
        ("[providers.nobody.headers]\nx-a = \"1\"", "`providers.nobody` is not known"),
        ("[providers.gemini]\nversion = \"2026-10-21\"", "is not known"),
        ("[providers.anthropic]\nversion = \"2026-10-22\"", "cannot be `2026-10-22`: did you mean `2026-10-21`?"),
    ];
    for (source, expected) in faults {
        let found = of_file(source).unwrap_err().to_string();
        assert!(found.contains(expected), "{source}: expected {expected}, found\n{found}");
    }
}
