//! Keys of providers: from the environment, else from a file that only its owner may read. Never from the settings, never shown.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretString};

use super::environment::{Environment, key_variable};
use super::files;
use crate::domain::call::Provider;

/// The longest key that is read, in bytes.
const MAX_KEY_BYTES: u64 = 4_096;

/// Why there is no key. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Neither the environment nor the settings have one.
    #[error(
        "there is no key for {provider}. Nothing was sent: set {variable}, or `providers.{provider}.key_file` to a file of mode 0600."
    )]
    Missing {
        /// The provider.
        provider: Provider,
        /// The variable.
        variable: &'static str,
    },
    /// Others may read or write the file.
    #[error("the key file {} has the mode {mode:04o}, so that others than its owner may use it. It was not read and nothing was sent: `chmod 600` it.", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("the key file {} cannot be read: {source}. Nothing was sent.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What was found cannot be a key.
    #[error("{origin} holds no key: a key is one line of letters, digits and signs without spaces. Nothing was sent.")]
    NoKey {
        /// The file or the variable.
        origin: String,
    },
}

/// The key of a provider: the environment comes before the file.
///
/// # Errors
///
/// When there is none, the file may be used by others than its owner, or what was found cannot be a key.
pub fn key(provider: Provider, environment: &Environment, key_file: Option<&Path>) -> Result<SecretString, KeyError> {
    let variable = key_variable(provider);
    match (environment.key(provider), key_file) {
        (Some(key), _) => checked(key.clone(), || format!("the environment variable {variable}")),
        (None, Some(path)) => from_file(path),
        (None, None) => Err(KeyError::Missing { provider, variable }),
    }
}

/// Every key of a provider that is set anywhere, whether or not it is the one that holds.
pub fn all(provider: Provider, environment: &Environment, key_file: Option<&Path>) -> Vec<SecretString> {
    let of_file = key_file.and_then(|path| from_file(path).ok());
    environment.key(provider).cloned().into_iter().chain(of_file).collect()
}

fn from_file(path: &Path) -> Result<SecretString, KeyError> {
    let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    // The mode is that of the open file, so that nothing can be put in its place between the look and the read.
    let file = files::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o177 != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(MAX_KEY_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    let key = SecretString::from(text.trim());
    text.zeroize();
    checked(key, || format!("the key file {}", path.display()))
}

fn checked(key: SecretString, origin: impl Fn() -> String) -> Result<SecretString, KeyError> {
    let text = key.expose_secret();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(KeyError::NoKey { origin: origin() });
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(variables.iter().copied(), 0).unwrap()
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "sk-123\n").unwrap();
        let none = environment(&[]);
        for (mode, is_read) in [(0o600, true), (0o400, true), (0o644, false), (0o640, false), (0o602, false)] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match key(Provider::Gemini, &none, Some(&path)) {
                Ok(key) => assert!(is_read && key.expose_secret() == "sk-123", "{mode:o}"),
                Err(error) => {
                    assert!(!is_read, "{mode:o}: {error}");
                    assert!(error.to_string().contains(&format!("the mode {mode:04o}")), "{error}");
                }
            }
        }
    }

    #[test]
    fn the_environment_comes_first_and_what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "two words").unwrap();
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let set = environment(&[("GEMINI_API_KEY", "sk-env")]);
        assert_eq!(key(Provider::Gemini, &set, Some(&path)).unwrap().expose_secret(), "sk-env");
        let error = key(Provider::Anthropic, &set, Some(&path)).unwrap_err();
        assert!(matches!(error, KeyError::NoKey { .. }) && !error.to_string().contains("two words"), "{error}");
        let error = key(Provider::Anthropic, &set, None).unwrap_err();
        assert!(error.to_string().contains("ANTHROPIC_API_KEY"), "{error}");
        let gone = key(Provider::Anthropic, &set, Some(&folder.path().join("none"))).unwrap_err();
        assert!(matches!(gone, KeyError::Unreadable { .. }));
        let odd = environment(&[("GEMINI_API_KEY", "a\nb")]);
        assert!(key(Provider::Gemini, &odd, None).unwrap_err().to_string().contains("GEMINI_API_KEY"));
    }
}
