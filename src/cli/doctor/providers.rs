//! The part of the look that is about providers: the way out, the keys, the models of the routes, the voices of the shows.

use std::collections::BTreeSet;

use jiff::{Span, tz::Offset};

use super::Looks;
use crate::cli::config::files;
use crate::cli::context::Context;
use crate::cli::fault::CliError;
use crate::cli::session::runtime;
use crate::cli::wiring;
use crate::config::models::{Models, NOTICE_DAYS, Standing};
use crate::config::prices::Prices;
use crate::config::role::Role;
use crate::config::settings::Settings;
use crate::config::show::Show;
use crate::domain::call::Provider;
use crate::domain::event::Provenance;
use crate::domain::independence::Parties;
use crate::engine::open::way;
use crate::engine::preflight::{self, Mark, Probes};
use crate::provider::transport::Transport;

/// Looks at all that is about providers; without asking any of them where that was wished.
pub(super) fn look(
    context: &Context<'_>,
    settings: &Settings,
    is_offline: bool,
    looks: &mut Looks,
) -> Result<(), CliError> {
    let transport = match way(settings, Provenance::Live).and_then(|options| Transport::new(&options)) {
        Ok(transport) => Some(transport),
        Err(error) => {
            looks.add(Mark::Fail, "network", error.to_string());
            None
        }
    };
    if transport.is_some() {
        network(settings, looks);
    }
    let probes = keys(context, settings, transport.as_ref().filter(|_| !is_offline), looks)?;
    models(context, settings, &probes, looks);
    voices(context, settings, &probes, looks);
    Ok(())
}

fn network(settings: &Settings, looks: &mut Looks) {
    let network = &settings.network;
    let (mark, mut said) = match (&network.proxy, network.from, network.ignored) {
        (Some(proxy), from, _) => {
            let from = from.map(|variable| format!(" ({variable})")).unwrap_or_default();
            let direct = match network.direct.join(", ") {
                hosts if hosts.is_empty() => "for every host".to_owned(),
                hosts => format!("but for {hosts}"),
            };
            (Mark::Ok, format!("through the proxy {proxy}{from}, {direct}"))
        }
        (None, _, Some(variable)) => (
            Mark::Mind,
            format!(
                "{variable} is set and not followed: set `network.proxy` to \"environment\" where calls are to go through it"
            ),
        ),
        (None, _, None) => (Mark::Ok, "no proxy".to_owned()),
    };
    if let Some(file) = &network.ca_file {
        said.push_str(&format!("; certificates of {} are trusted too", file.display()));
    }
    looks.add(mark, "network", said);
}

/// Whether each provider has a key and takes it; what each answered.
fn keys(
    context: &Context<'_>,
    settings: &Settings,
    transport: Option<&Transport>,
    looks: &mut Looks,
) -> Result<Probes, CliError> {
    let endpoints = wiring::endpoints(context, settings);
    let probes = match transport {
        Some(transport) => {
            let all: BTreeSet<Provider> = Provider::ALL.into_iter().collect();
            runtime()?.block_on(preflight::ask(transport, &endpoints, &all, None))
        }
        None => Probes::new(),
    };
    for (provider, endpoint) in &endpoints {
        let own = settings.providers.of(*provider);
        let what = format!("key of {provider}");
        match (endpoint, probes.get(provider)) {
            (Err(_), _) if !own.enabled => looks.add(Mark::Mind, what, "the provider is switched off"),
            // The key itself is never shown.
            (Err(why), _) => looks.add(Mark::Mind, what, format!("{why} Rehearsals need none")),
            (Ok(endpoint), Some(asked)) => {
                looks.0.push(preflight::key(*provider, endpoint.base(), asked, Provenance::Live));
            }
            (Ok(endpoint), None) if own.send_key => {
                looks.add(Mark::Ok, what, format!("is there, for {}; whether it holds was not asked", endpoint.base()));
            }
            (Ok(endpoint), None) => looks.add(
                Mark::Ok,
                what,
                format!("none is sent to {}: `providers.{provider}.send_key` is false", endpoint.base()),
            ),
        }
    }
    Ok(probes)
}

fn models(context: &Context<'_>, settings: &Settings, probes: &Probes, looks: &mut Looks) {
    let prices = match Prices::load(&context.paths.config) {
        Ok(prices) => prices,
        Err(error) => return looks.add(Mark::Fail, "prices", error.to_string()),
    };
    let models = match Models::load(&context.paths.config) {
        Ok(models) => models,
        Err(error) => return looks.add(Mark::Fail, "models", error.to_string()),
    };
    let today = Offset::UTC.to_datetime(context.clock.now()).date();
    let soon = today.checked_add(Span::new().days(NOTICE_DAYS)).unwrap_or(today);
    let mut written_there = BTreeSet::new();
    for role in Role::ALL {
        let what = format!("route of {role}");
        let routes = match settings.routes(*role, &prices, today) {
            Ok(routes) => routes,
            Err(error) => {
                let mut gone = settings.named().filter(|named| named.role == *role);
                let is_gone = gone.any(|named| models.standing(&named.model, today).is_retired());
                let advice = if is_gone { "\n`greenroom route upgrade` shows which models would follow" } else { "" };
                looks.add(Mark::Fail, what, format!("{error}{advice}"));
                continue;
            }
        };
        let all = std::iter::once(&routes.primary).chain(&routes.fallback).chain(&routes.cheaper).chain(&routes.light);
        let all: BTreeSet<_> = all.collect();
        if *role != Role::Voice && all.iter().any(|route| route.provider == Provider::OpenAi) {
            written_there.insert(role.to_string());
        }
        let mut warned = false;
        for route in &all {
            let model = &route.model;
            let standing = models.standing(prices.on_the_wire(model), today);
            if let Some((mark, said)) = preflight::model(route, probes, &models, today) {
                // What only stands in for another may be gone without a call failing.
                let mark = if **route == routes.primary { mark } else { Mark::Mind };
                looks.add(mark, &what, said);
                warned = true;
            } else if standing == Standing::Unknown {
                looks.add(Mark::Mind, &what, format!("`{model}`: {}", standing.told()));
                warned = true;
            }
            let Ok(price) = prices.price(model, today) else { continue };
            if let Some(end) = price.until.filter(|end| *end <= soon) {
                looks.add(Mark::Mind, &what, format!("the price of `{model}` is known until {end} only"));
                warned = true;
            }
        }
        if !warned {
            let mut models: Vec<&str> = vec![&routes.primary.model];
            models.extend(
                routes.fallback.iter().chain(&routes.cheaper).chain(&routes.light).map(|route| route.model.as_str()),
            );
            models.dedup();
            looks.add(Mark::Ok, what, models.join(", "));
        }
    }
    room(settings, &written_there, looks);
    let of = |role| settings.routes(role, &prices, today).map(|routes| routes.primary);
    if let (Ok(writer), Ok(a), Ok(b), Ok(arbiter)) =
        (of(Role::Writer), of(Role::JudgeA), of(Role::JudgeB), of(Role::Arbiter))
    {
        for told in Parties::of_roles(&writer, [&a, &b], &arbiter).told() {
            looks.add(Mark::Mind, "independence", told);
        }
    }
}

/// That a server cuts prompts which are too long for it, where nobody has said how much it has room for.
fn room(settings: &Settings, roles: &BTreeSet<String>, looks: &mut Looks) {
    let habits = settings.providers.habits;
    if roles.is_empty() || !habits.server.cuts_prompts() || habits.server_context.is_some() {
        return;
    }
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let said = format!(
        "Ollama cuts a prompt that is too long without a word, and by itself has room for as little as 4096 tokens: what {} is \
         sent may not be read whole. Start it with OLLAMA_CONTEXT_LENGTH, such as 32768, and set \
         `providers.openai.context_tokens` to the same; what does not fit is then refused before it is sent",
        roles.join(", ")
    );
    looks.add(Mark::Mind, "context of openai", said);
}

/// The voices of the shows of the config folder; a profile with faults is the matter of `config check`.
fn voices(context: &Context<'_>, settings: &Settings, probes: &Probes, looks: &mut Looks) {
    let folder = context.paths.config.join("shows");
    for name in files(&folder) {
        let show = Show::load(&folder.join(format!("{name}.toml")), settings.voice_provider());
        match show {
            Ok(show) => looks.0.extend(preflight::voices(&show, probes)),
            Err(_) => looks.add(
                Mark::Fail,
                format!("show {name}"),
                "its profile has faults: `greenroom config check` names them",
            ),
        }
    }
}
