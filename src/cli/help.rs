//! Help, completions and the manual page: all made from the one table of the command line.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::{Command, CommandFactory};

use super::args::Cli;

/// The verbs in the groups in which they are explained. A test holds that every verb is in one.
const GROUPS: &[(&str, &[&str])] = &[
    ("Make episodes", &["rehearse", "episode", "gate", "revision", "research"]),
    ("Money", &["estimate", "charge", "budget", "cost", "prices"]),
    ("Quality", &["findings", "judges"]),
    ("Record and set-up", &["ledger", "config", "person", "route", "providers", "doctor"]),
    ("For scripts and shells", &["studio", "completions", "man"]),
];

const EXAMPLES: &str =
    "  greenroom rehearse                               the console with three finished episodes and three under way
  greenroom rehearse --headless --research FILE    one episode to its package, without a terminal
  greenroom episode new FILE --show open-questions begin a live episode
  greenroom episode run 4                          work on it until it is done or a person is needed
  greenroom gate show 4                            what waits for a decision, with the command that approves it
  greenroom judges check                           what the judges find in scripts with known faults
  greenroom cost --by model --format csv           what every model cost";

const EXIT_CODES: &str = "0 done, 1 fault, 2 usage, 3 waiting for a person, 4 refused (stale hash, over a cap)";

const HEADING: Style = AnsiColor::Yellow.on_default().bold();
const NAME: Style = AnsiColor::Green.on_default().bold();

/// The command line with its help.
pub fn command() -> Command {
    let styles =
        Styles::styled().header(HEADING).usage(HEADING).literal(NAME).placeholder(AnsiColor::Cyan.on_default());
    let command = Cli::command().styles(styles);
    let groups = grouped(&command);
    command.help_template(format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\nWithout a verb the console opens.\n\n{groups}{HEADING}Examples:{HEADING:#}\n{EXAMPLES}\n\n\
         {HEADING}Flags of every verb:{HEADING:#}\n{{options}}\n\n{HEADING}Exit codes:{HEADING:#} {EXIT_CODES}\n"
    ))
}

fn grouped(command: &Command) -> String {
    let mut text = String::new();
    for (group, names) in GROUPS {
        text.push_str(&format!("{HEADING}{group}:{HEADING:#}\n"));
        for name in *names {
            let about = command.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
            text.push_str(&format!("  {NAME}{name:<12}{NAME:#} {}\n", about.unwrap_or_default()));
        }
        text.push('\n');
    }
    text
}

/// Writes the completion script of a shell.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> io::Result<()> {
    // The generator panics where it cannot write, so that it is given a buffer.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "greenroom", &mut script);
    out.write_all(&script)
}

/// Writes the manual page of the program, with a section for each verb.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn manual(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    writeln!(out, ".SH VERBS")?;
    for verb in command.get_subcommands() {
        section(verb, out)?;
        for inner in verb.get_subcommands() {
            section(inner, out)?;
        }
    }
    writeln!(out, ".SH EXIT STATUS\n{}", roff(EXIT_CODES))?;
    writeln!(out, ".SH EXAMPLES\n.nf\n{}\n.fi", roff(EXAMPLES))
}

fn section(verb: &Command, out: &mut dyn Write) -> io::Result<()> {
    let name = verb.get_bin_name().unwrap_or_else(|| verb.get_name());
    let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(out, ".TP\n.B {}\n{}", roff(name), roff(&about))?;
    for arg in verb.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help") {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(out, ".RS\n.TP\n.I {}\n{}\n.RE", roff(&arg.to_string()), roff(&help))?;
    }
    Ok(())
}

/// Text that roff takes literally.
fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    let lines =
        escaped.lines().map(|line| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_sound_and_every_verb_is_explained_in_one_group() {
        let command = command();
        command.clone().debug_assert();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let all: BTreeSet<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(grouped.len(), all.len());
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), all);
    }

    #[test]
    fn every_flag_and_every_verb_says_what_it_is_for() {
        fn check(command: &Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }

    #[test]
    fn the_manual_names_every_verb_and_hides_no_line() {
        let mut page = Vec::new();
        manual(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        for verb in ["rehearse", "gate approve", "ledger prune", "episode run"] {
            assert!(page.contains(&format!(".B greenroom {verb}").replace('-', "\\-")), "{verb}");
        }
        assert!(page.contains(".SH EXIT STATUS"));
        assert_eq!(roff(".x\\y"), "\\&.x\\ey");
    }
}
