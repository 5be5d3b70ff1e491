//! Routes: which model fills which role and how that model stands, and moving a settings file's routes from models that are
//! gone or going to those that follow.

use std::io::Write as _;
use std::path::Path;

use clap::Subcommand;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::{Value, json};
use similar::TextDiff;

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::fault::{dollars, read_if_there};
use crate::config::models::{Model, Models, Structured};
use crate::config::prices::{Prices, Rates};
use crate::config::role::Role;
use crate::config::settings::{Named, Settings};
use crate::config::upgrade::{Change, turns_to_kin, upgraded};
use crate::domain::call::Provider;
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::report::{Align, Table};

/// What can be done with routes.
#[derive(Debug, Subcommand)]
pub enum RouteVerb {
    /// Every role with its models: how each stands, what it costs and how much it reads and makes
    Show {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Move the settings file's routes from models that are retired, or will be within 60 days, to those that follow them
    Upgrade {
        /// Change the file; without it the change is only shown
        #[arg(long)]
        yes: bool,
        /// Let a judge be of the writer's own family, which prefers what its kin writes
        #[arg(long)]
        judge_of_the_writers_family: bool,
    },
}

/// Runs the verb.
pub(super) fn run(verb: &RouteVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        RouteVerb::Show { format } => show(context, *format),
        RouteVerb::Upgrade { yes, judge_of_the_writers_family } => upgrade(context, *yes, *judge_of_the_writers_family),
    }
}

fn today(context: &Context<'_>) -> Date {
    Offset::UTC.to_datetime(context.clock.now()).date()
}

fn show(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let (settings, on) = (context.settings()?, today(context));
    let (models, prices) = (Models::load(&context.paths.config)?, Prices::load(&context.paths.config)?);
    let mut rows = Vec::new();
    let mut is_sound = true;
    for Named { role, place, model } in settings.named() {
        let standing = models.standing(&model, on);
        is_sound &= !standing.is_retired();
        let known = models.get(&model);
        rows.push((
            role,
            place,
            standing.told(),
            price(&prices, &model, on),
            known.map(size).unwrap_or_default(),
            model,
        ));
    }
    if format == Format::Json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(role, place, standing, price, size, model)| {
                json!({"role": role, "place": place, "model": model, "standing": standing, "price": price, "size": size})
            })
            .collect();
        context.json(&rows)?;
    } else {
        let head = ["role", "as", "model", "price", "reads and makes", "standing"];
        let mut table = Table::new(&head.map(|name| (name, Align::Left)));
        for (role, place, standing, price, size, model) in &rows {
            table.row([role.name(), place, model.as_str(), price, size, standing]);
        }
        table.print(context.out)?;
    }
    Ok(if is_sound { Ending::Done } else { Ending::Unsound })
}

/// What a model costs, in dollars a million.
fn price(prices: &Prices, model: &str, on: Date) -> String {
    let usd = |price: PicoUsd| dollars(MicroUsd(price.0));
    match prices.price(model, on).map(|price| &price.rates) {
        Ok(Rates::Tokens(prices)) => {
            let base = prices.standard.base;
            format!("{} in, {} out", usd(base.input), usd(base.output))
        }
        Ok(Rates::Characters { each, .. }) => format!("{} characters", usd(*each)),
        Ok(Rates::Free) => "nothing".to_owned(),
        Ok(Rates::Unknown) | Err(_) => "not known".to_owned(),
    }
}

/// How much a model reads and makes.
fn size(model: &Model) -> String {
    let parts = [
        model.limits.context.map(|tokens| format!("{tokens} tokens")),
        model.limits.output.map(|tokens| format!("{tokens} out")),
        model.limits.characters.map(|characters| format!("{characters} characters")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How a model thinks and is held to a schema.
fn manner(model: &Model) -> String {
    if model.wire.speaks() {
        let speech = model.speech();
        let hints = if speech.hints { "joins takes" } else { "does not join takes" };
        return format!("{hints}, {}", if speech.language { "takes a language" } else { "takes no language" });
    }
    let takes = model.text();
    let ways = takes.thinking;
    let thinks = match (ways.unasked, ways.adaptive || ways.level || ways.budget.is_some()) {
        (true, _) if ways.off || ways.between_tools => "thinks unless told not to",
        (true, _) => "always thinks",
        (false, true) => "thinks when asked",
        (false, false) => "does not think",
    };
    let schema = match takes.structured {
        Structured::Native => "schemas natively",
        Structured::Tool => "schemas by a tool",
        Structured::InWords => "schemas in words",
    };
    format!("{thinks}, {schema}")
}

fn upgrade(context: &mut Context<'_>, yes: bool, may_be_kin: bool) -> Result<Ending, CliError> {
    let on = today(context);
    let path = context.paths.config.join("config.toml");
    let file = path.display().to_string();
    // What is wrong with the file already is told before anything is moved in it.
    let settings = context.settings()?;
    let (models, prices) = (Models::load(&context.paths.config)?, Prices::load(&context.paths.config)?);
    let Some(source) = read_if_there(&path)? else {
        writeln!(context.out, "{file} is not there: the program's own routes hold, and nothing is to be moved")?;
        return told_of_defaults(context, &settings, &models, on);
    };
    let moved = upgraded(&file, &source, &models, on);
    for (key, model) in &moved.stranded {
        let what =
            format!("`{key}` is `{model}`, which is gone or going, and nothing follows it: choose another model");
        context.remark(&what);
    }
    if moved.changes.is_empty() {
        writeln!(context.out, "{file}: no route names a model that is gone or going")?;
        return told_of_defaults(context, &settings, &models, on);
    }
    let diff = TextDiff::from_lines(&source, &moved.source);
    write!(context.out, "{}", diff.unified_diff().header(&file, "after the change"))?;
    for change in &moved.changes {
        writeln!(context.out, "\n{}: {}", change.key, effect(change, &models, &prices, on))?;
    }
    let kin = kin(&settings, &moved.changes);
    if let Some(key) = kin.first().filter(|_| !may_be_kin) {
        return Err(CliError::Refused(format!(
            "`{key}` would be of the writer's own family, which prefers what its kin writes: choose another judge, or say \
             --judge-of-the-writers-family. Nothing was changed."
        )));
    }
    for key in &kin {
        writeln!(context.out, "\n{key}: this judge is of the writer's own family from now on, as you said")?;
    }
    // The file that would be written is read as the program will read it.
    Settings::layered(Some((&file, &moved.source)), &context.environment, &[])
        .map_err(|faults| CliError::Failed(format!("the file would have a fault afterwards: {faults}")))?;
    if !yes {
        writeln!(context.out, "\nNothing was changed: --yes does it. Episodes that have begun keep their models.")?;
        return Ok(Ending::Done);
    }
    replace(&path, &moved.source).map_err(|error| {
        CliError::Failed(format!("{file} could not be written: {error}. It is as it was. Check its permissions."))
    })?;
    writeln!(context.out, "\n{file} was changed. Episodes that have begun keep their models.")?;
    Ok(Ending::Done)
}

/// Says which of the program's own routes go to models that are gone; a settings file can override them.
fn told_of_defaults(
    context: &mut Context<'_>,
    settings: &Settings,
    models: &Models,
    on: Date,
) -> Result<Ending, CliError> {
    let mut ending = Ending::Done;
    for Named { role, place, model } in settings.named() {
        let standing = models.standing(&model, on);
        if standing.is_retired() {
            writeln!(context.out, "routes.{role}.{place} is `{model}`: {}", standing.told())?;
            ending = Ending::Unsound;
        }
    }
    Ok(ending)
}

/// What changes with the model: price, size, and how it thinks.
fn effect(change: &Change, models: &Models, prices: &Prices, on: Date) -> String {
    let last = change.retires.yesterday().unwrap_or(change.retires).min(on);
    let mut parts = vec![format!("`{}` ends on {}, `{}` follows", change.from, change.retires, change.to)];
    let (before, after) = (price(prices, &change.from, last), price(prices, &change.to, on));
    parts.push(if before == after { format!("price {after} as before") } else { format!("price {before} -> {after}") });
    if let (Some(from), Some(to)) = (models.get(&change.from), models.get(&change.to)) {
        for (before, after) in [(size(from), size(to)), (manner(from), manner(to))] {
            if before != after {
                parts.push(format!("{before} -> {after}"));
            }
        }
    }
    parts.join("; ")
}

/// The keys of judges that would be of the writer's family and were not before.
fn kin(settings: &Settings, changes: &[Change]) -> Vec<String> {
    let routes: Vec<Named> = settings.named().collect();
    let primary = |role: Role| routes.iter().find(|named| named.role == role && named.place == "model");
    let provider = |role| settings.provider_of(role).unwrap_or(Provider::Anthropic);
    let Some(writer) = primary(Role::Writer) else { return Vec::new() };
    // A list names the first model among others.
    let moved = changes.iter().find(|change| {
        let is_first = change.key.ends_with(".model") || change.key.ends_with(".models");
        change.role == Role::Writer && is_first && change.from == writer.model
    });
    let writer = moved.map_or(writer.model.as_str(), |change| &change.to);
    let judges = changes.iter().filter(|change| matches!(change.role, Role::JudgeB | Role::Arbiter));
    judges
        .filter(|change| {
            let judge = (provider(change.role), change.from.as_str(), change.to.as_str());
            turns_to_kin(judge, (provider(Role::Writer), writer))
        })
        .map(|change| change.key.clone())
        .collect()
}

/// Puts a text in the place of a file, all of it or nothing, with the file's own permissions.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link is followed: the file that it names is the one to change.
    let path = &std::fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join(format!(".config.toml.{}", std::process::id()));
    let written = (|| {
        let mut file = std::fs::File::create_new(&beside)?;
        file.set_permissions(std::fs::metadata(path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        std::fs::File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
