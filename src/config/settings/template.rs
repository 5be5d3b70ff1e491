//! The settings as a file to edit: the defaults as the program reads them, and what each key takes from the table of keys.

use super::DEFAULTS;
use super::layers::{all_keys, sample, wanted};
use crate::config::template::{Said, unset, written};

const HEAD: &str = "\
# Settings of greenroom. Each value here is the default: change what you like and remove what you do not, so that a later version
# can move it on. The environment and the flags come before this file; `greenroom config show` prints every value with its origin
# and `greenroom config check` finds faults.
#
# Keys of providers never stand here: they come from the environment or from a file that `key_file` names, which only its owner
# may read (mode 0600).

";

/// The file, ready to be read back: it sets every default to itself.
pub fn template() -> String {
    let keys = all_keys();
    let takes = |kind| wanted(kind).trim_start_matches("must be ").to_owned();
    let said = |path: &str| keys.get(path).map_or(Said::Nothing, |kind| Said::Meaning(takes(*kind)));
    let missing = |table: &str, set: &[String]| {
        let within = if table.is_empty() { String::new() } else { format!("{table}.") };
        let of_table = keys.iter().filter_map(|(path, kind)| Some((path.strip_prefix(&within)?, *kind)));
        let left = of_table.filter(|(key, _)| !key.contains('.') && !set.iter().any(|known| known == key));
        left.map(|(key, kind)| unset(key, &sample(kind), &takes(kind))).collect()
    };
    format!("{HEAD}{}", written(DEFAULTS, said, missing))
}

#[cfg(test)]
mod tests {
    use super::super::layers::{Layers, Origin};
    use super::super::{Row, Settings};
    use super::*;
    use crate::config::environment::Environment;
    use crate::config::template::uncommented;

    #[test]
    fn the_written_settings_are_read_back_as_the_defaults() {
        let nothing = Environment::of::<String, String>([], 1000).unwrap();
        let usual = Settings::layered(None, &nothing, &[]).unwrap();
        let written = template();
        let read = Settings::layered(Some(("config.toml", &written)), &nothing, &[]).unwrap();
        let plain = |row: &Row| (row.key.clone(), row.value.clone());
        assert_eq!(
            read.rows().iter().map(plain).collect::<Vec<_>>(),
            usual.rows().iter().map(plain).collect::<Vec<_>>()
        );
        assert!(read.rows().iter().all(|row| matches!(row.origin, Origin::File(_))), "each stands in the file");
        assert!(written.contains("day = \"100\"  # an amount in dollars in quotes"), "{written}");
        assert!(written.contains("undo_seconds = 20  # a whole number from 0 to 600"), "{written}");
    }

    #[test]
    fn every_key_of_the_table_stands_in_the_written_settings() {
        let mut layers = Layers::new();
        layers.file("config.toml", &uncommented(&template()), Origin::File);
        assert_eq!(layers.faults, []);
        let missing: Vec<_> = all_keys().into_keys().filter(|key| !layers.values.contains_key(key)).collect();
        assert_eq!(missing, Vec::<String>::new());
    }
}
