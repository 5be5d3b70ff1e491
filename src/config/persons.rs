//! The people of this installation: the name that is kept for decisions, and the secrets with which people who share an
//! account show that they are who they say.
//!
//! A secret is kept as a slow hash with a salt of its own, in a file that only its owner may read. It shows that whoever signs
//! knows it, and no more: who owns the account can replace the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use argon2::Argon2;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::actor::same_name;

/// The file of secrets in the folder of settings.
const FILE: &str = "people.json";

/// The fewest characters of a secret.
const SHORTEST: usize = 6;

/// Why a name or a secret cannot be kept or used. Nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum PersonsError {
    /// The file cannot be read or written.
    #[error("{} cannot be used: {source}. Nothing was decided. Check the folder and its permissions.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what it was.
    #[error("{} is damaged: {what}. Nothing was decided. Restore it, or remove it and let each person keep a secret anew.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Others may read it.
    #[error("{} has the mode {mode:04o}, so that others than its owner may use it. Nothing was decided: `chmod 600` it.", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The secret is too easily guessed.
    #[error("a secret has at least {SHORTEST} characters. Nothing was kept.")]
    Short,
    /// It is not the secret of this name.
    #[error("that is not the secret that is kept for `{0}`. Nothing was decided.")]
    Wrong(String),
}

/// What is kept of one person.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    name: String,
    salt: String,
    hash: String,
}

/// The people who keep a secret here.
#[derive(Debug, Default)]
pub struct Persons {
    path: PathBuf,
    kept: Vec<Kept>,
}

impl Persons {
    /// Those of a folder of settings; none where there is no file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is damaged, or may be used by others than its owner.
    pub fn load(config: &Path) -> Result<Self, PersonsError> {
        let path = config.join(FILE);
        let fault = |source| PersonsError::File { path: path.clone(), source };
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self { path, kept: Vec::new() }),
            opened => opened.map_err(fault)?,
        };
        let mode = file.metadata().map_err(fault)?.permissions().mode() & 0o7777;
        if mode & 0o177 != 0 {
            return Err(PersonsError::Open { path, mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(fault)?;
        match serde_json::from_str(&text) {
            Ok(kept) => Ok(Self { path, kept }),
            Err(error) => Err(PersonsError::Damaged { path, what: error.to_string() }),
        }
    }

    fn of(&self, name: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| same_name(&kept.name, name))
    }

    /// Whether a secret is kept for this name, or for one that looks like it.
    pub fn has_secret(&self, name: &str) -> bool {
        self.of(name).is_some()
    }

    /// The names that a secret is kept for.
    pub fn names(&self) -> Vec<String> {
        self.kept.iter().map(|kept| kept.name.clone()).collect()
    }

    /// Holds a secret to the one that is kept for a name.
    ///
    /// # Errors
    ///
    /// When it is another one, or the record of it is damaged.
    pub fn check(&self, name: &str, secret: &SecretString) -> Result<(), PersonsError> {
        let wrong = || PersonsError::Wrong(name.to_owned());
        let kept = self.of(name).ok_or_else(wrong)?;
        let hashed = self.hashed(secret, &kept.salt)?;
        // Both are hashes of one length; where they begin to differ tells nothing of the secret.
        if hashed == kept.hash { Ok(()) } else { Err(wrong()) }
    }

    /// Keeps a secret for a name, in the place of the one before.
    ///
    /// # Errors
    ///
    /// When it is too short, or the file cannot be written.
    pub fn keep(&mut self, name: &str, secret: &SecretString) -> Result<(), PersonsError> {
        if secret.expose_secret().chars().count() < SHORTEST {
            return Err(PersonsError::Short);
        }
        let mut salt = [0; 16];
        let fault = |source| PersonsError::File { path: self.path.clone(), source };
        File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut salt)).map_err(fault)?;
        let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = self.hashed(secret, &salt)?;
        self.kept.retain(|kept| !same_name(&kept.name, name));
        self.kept.push(Kept { name: name.to_owned(), salt, hash });
        let text = serde_json::to_string_pretty(&self.kept)
            .map_err(|error| PersonsError::Damaged { path: self.path.clone(), what: error.to_string() })?;
        write_private(&self.path, &format!("{text}\n"))
            .map_err(|source| PersonsError::File { path: self.path.clone(), source })
    }

    fn hashed(&self, secret: &SecretString, salt: &str) -> Result<String, PersonsError> {
        let mut hash = [0; 32];
        Argon2::default()
            .hash_password_into(secret.expose_secret().as_bytes(), salt.as_bytes(), &mut hash)
            .map_err(|error| PersonsError::Damaged { path: self.path.clone(), what: error.to_string() })?;
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Keeps a name in the settings, for the decisions to come. What stands there otherwise stays as it is.
///
/// # Errors
///
/// When the file cannot be read or written.
pub fn keep_name(config: &Path, name: &str) -> Result<(), PersonsError> {
    let path = config.join("config.toml");
    let fault = |source| PersonsError::File { path: path.clone(), source };
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(fault)?,
    };
    let quoted = toml::Value::String(name.to_owned());
    // A key of the whole file stands before its first table.
    let others = before.lines().take_while(|line| !line.trim_start().starts_with('['));
    let is_set = |line: &str| line.split_once('=').is_some_and(|(key, _)| key.trim() == "name");
    let old = others.enumerate().find(|(_, line)| is_set(line)).map(|(at, _)| at);
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let new = format!("name = {quoted}");
    match old.and_then(|at| lines.get_mut(at)) {
        Some(line) => *line = new,
        None => lines.insert(0, new),
    }
    write_private(&path, &format!("{}\n", lines.join("\n"))).map_err(fault)
}

/// Writes a file that only its owner may use, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_kept_as_a_hash_and_holds_for_every_spelling_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut persons = Persons::load(folder.path()).unwrap();
        assert!(!persons.has_secret("Ada"));
        assert!(matches!(persons.keep("Ada", &"12345".into()), Err(PersonsError::Short)));
        persons.keep("Ada", &"first secret".into()).unwrap();
        persons.keep("Bob", &"other secret".into()).unwrap();
        persons.keep("ada", &"second secret".into()).unwrap();
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("secret") && mode(&path) == 0o600, "{text}");
        let persons = Persons::load(folder.path()).unwrap();
        assert!(persons.has_secret("\u{410}da") && persons.has_secret("BOB") && !persons.has_secret("Eve"));
        persons.check("ADA", &"second secret".into()).unwrap();
        for (name, secret) in [("Ada", "first secret"), ("Bob", "second secret"), ("Eve", "")] {
            assert!(matches!(persons.check(name, &secret.into()), Err(PersonsError::Wrong(_))), "{name}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Persons::load(folder.path()), Err(PersonsError::Open { mode: 0o644, .. })));
        write_private(&path, "[{]").unwrap();
        assert!(matches!(Persons::load(folder.path()), Err(PersonsError::Damaged { .. })));
    }

    #[test]
    fn a_name_is_kept_once_and_the_rest_of_the_settings_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/config.toml");
        let config = path.parent().unwrap();
        keep_name(config, "Ada \"L\"").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("name = 'Ada \"L\"'\n", 0o600));
        let text = "# mine\nlog = \"info\"\n\n[routes.writer] # name = \"x\"\nname = 1\n";
        fs::write(&path, text).unwrap();
        keep_name(config, "Ada").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("name = \"Ada\"\n{text}"));
        keep_name(config, "Bob").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("name = \"Bob\"\n{text}"));
    }
}
