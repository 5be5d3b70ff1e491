//! Files of the configuration written out for a person to edit: what the program itself reads, with each key that it takes.
//!
//! A line says what its key takes, and a key that is not set stands there as a comment. Not for reading them back.

/// What a file says of a key.
pub(super) enum Said {
    /// This, behind the line that sets it.
    Meaning(String),
    /// Nothing.
    Nothing,
}

/// A source with what `said` has for each key that it sets, and at the end of each table the lines that `unset` has for it. The
/// comment at its head is left out, since it speaks of the source.
pub(super) fn written(
    source: &str,
    said: impl Fn(&str) -> Said,
    unset: impl Fn(&str, &[String]) -> Vec<String>,
) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut table = String::new();
    let mut set: Vec<String> = Vec::new();
    let body = source.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    for line in body {
        if let Some(name) = header(line) {
            close(&mut lines, unset(&table, &set));
            table = name.to_owned();
            set.clear();
            lines.push(line.to_owned());
            continue;
        }
        let Some(key) = key(line) else {
            lines.push(line.to_owned());
            continue;
        };
        set.push(key.to_owned());
        let path = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
        // A value of several lines has no room behind its first.
        let is_whole = !line.ends_with('[') && !line.contains("\"\"\"");
        match said(&path) {
            Said::Meaning(meaning) if is_whole => lines.push(format!("{line}  # {meaning}")),
            Said::Meaning(_) | Said::Nothing => lines.push(line.to_owned()),
        }
    }
    close(&mut lines, unset(&table, &set));
    lines.join("\n") + "\n"
}

/// Puts lines behind the last one of a table, before the comment that belongs to the next.
fn close(lines: &mut Vec<String>, more: Vec<String>) {
    let is_between = |line: &String| line.is_empty() || line.starts_with('#');
    let end = lines.iter().rposition(|line| !is_between(line)).map_or(0, |last| last + 1);
    lines.splice(end..end, more);
}

/// The name of a table whose head this line is.
fn header(line: &str) -> Option<&str> {
    line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(|name| name.trim_matches(['[', ']']))
}

/// The key that a line sets.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_').then_some(key)
}

/// A key that is not set, as a comment that sets it once its mark is taken away.
pub(super) fn unset(key: &str, value: &str, meaning: &str) -> String {
    format!("# {key} = {value}  # {meaning}; not set")
}

/// A written file with everything set that stands there as a comment.
#[cfg(test)]
pub(super) fn uncommented(written: &str) -> String {
    let line = |line: &str| match line.strip_prefix("# ").filter(|line| line.ends_with("; not set")) {
        Some(set) => format!("{set}\n"),
        None => format!("{line}\n"),
    };
    written.lines().map(line).collect()
}
