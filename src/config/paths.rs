//! The folders of the program: data, configuration, cache and logs. Found, not made: who writes into one makes it.
//!
//! A flag comes before the environment, and both before the customs of the system (XDG on Linux, Library on macOS).

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::environment::Environment;

/// The folders that the command line names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathFlags {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--config-dir`.
    pub config_dir: Option<PathBuf>,
    /// `--cache-dir`.
    pub cache_dir: Option<PathBuf>,
}

/// The folders of the program, each absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// What must not be lost: one folder a studio.
    pub data: PathBuf,
    /// What people set.
    pub config: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// The rolling log: `logs` within a data folder that was named, else where the system keeps logs or state.
    pub logs: PathBuf,
}

/// A folder that cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// The user has no home folder and the folder was not named.
    #[error(
        "there is no home folder in which the {what} folder could be. Nothing was written: name it with {flag} or {variable}, or set HOME."
    )]
    NoHome {
        /// Which folder.
        what: &'static str,
        /// The flag that names it.
        flag: &'static str,
        /// The variable that names it.
        variable: &'static str,
    },
    /// The folder was named in a way that cannot be made absolute.
    #[error("the folder {} cannot be used: {source}. Nothing was written: name another one.", path.display())]
    Unusable {
        /// The folder as it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Paths {
    /// The folders for these flags and this environment.
    ///
    /// # Errors
    ///
    /// When a folder was not named and there is no home folder, or a name cannot be made absolute.
    pub fn find(flags: &PathFlags, environment: &Environment) -> Result<Self, PathsError> {
        Self::find_within(ProjectDirs::from("", "", "greenroom").as_ref(), flags, environment)
    }

    fn find_within(
        home: Option<&ProjectDirs>,
        flags: &PathFlags,
        environment: &Environment,
    ) -> Result<Self, PathsError> {
        let data_named = named([&flags.data_dir, &environment.data_dir])?;
        let config_named = named([&flags.config_dir, &environment.config_dir])?;
        let cache_named = named([&flags.cache_dir, &environment.cache_dir])?;
        let own = |named: Option<PathBuf>, custom: fn(&ProjectDirs) -> &Path, what, flag, variable| {
            named.or_else(|| home.map(|home| custom(home).to_owned())).ok_or(PathsError::NoHome {
                what,
                flag,
                variable,
            })
        };
        let logs = match (&data_named, home) {
            (Some(data), _) => data.join("logs"),
            (None, Some(home)) => home.state_dir().unwrap_or_else(|| home.data_local_dir()).join("logs"),
            (None, None) => PathBuf::new(),
        };
        Ok(Self {
            data: own(data_named, ProjectDirs::data_dir, "data", "--data-dir", "GREENROOM_DATA_DIR")?,
            config: own(config_named, ProjectDirs::config_dir, "config", "--config-dir", "GREENROOM_CONFIG_DIR")?,
            cache: own(cache_named, ProjectDirs::cache_dir, "cache", "--cache-dir", "GREENROOM_CACHE_DIR")?,
            logs,
        })
    }
}

fn named(candidates: [&Option<PathBuf>; 2]) -> Result<Option<PathBuf>, PathsError> {
    let [flag, variable] = candidates;
    let Some(path) = flag.as_ref().or(variable.as_ref()) else { return Ok(None) };
    let absolute = std::path::absolute(path);
    absolute.map(Some).map_err(|source| PathsError::Unusable { path: path.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(variables.iter().copied(), 0).unwrap()
    }

    #[test]
    fn a_flag_comes_before_the_environment_and_both_before_the_custom() {
        let all = [("GREENROOM_DATA_DIR", "/e/d"), ("GREENROOM_CONFIG_DIR", "/e/c"), ("GREENROOM_CACHE_DIR", "/e/k")];
        let flags = PathFlags { data_dir: Some("/f/d".into()), ..PathFlags::default() };
        let paths = Paths::find_within(None, &flags, &environment(&all)).unwrap();
        let expected =
            Paths { data: "/f/d".into(), config: "/e/c".into(), cache: "/e/k".into(), logs: "/f/d/logs".into() };
        assert_eq!(paths, expected);
        let home = ProjectDirs::from_path("greenroom".into());
        let custom = Paths::find_within(home.as_ref(), &PathFlags::default(), &environment(&[]));
        match (home, custom) {
            (Some(home), Ok(paths)) => {
                assert_eq!(paths.data, home.data_dir());
                assert_eq!(paths.config, home.config_dir());
                assert!(paths.logs.ends_with("logs") && !paths.logs.starts_with(&paths.cache));
            }
            (None, Err(PathsError::NoHome { .. })) => {}
            (home, paths) => panic!("{home:?} {paths:?}"),
        }
    }

    #[test]
    fn without_a_home_the_folder_that_is_missing_is_named_with_the_way_out() {
        let named = environment(&[("GREENROOM_DATA_DIR", "/d")]);
        let error = Paths::find_within(None, &PathFlags::default(), &named).unwrap_err().to_string();
        assert!(error.contains("config folder") && error.contains("--config-dir"), "{error}");
        let error = Paths::find_within(None, &PathFlags::default(), &environment(&[])).unwrap_err().to_string();
        assert!(error.contains("GREENROOM_DATA_DIR"), "{error}");
    }

    #[test]
    fn every_folder_is_absolute() {
        let flags = PathFlags { data_dir: Some("d".into()), config_dir: Some("c".into()), cache_dir: Some("k".into()) };
        let paths = Paths::find_within(None, &flags, &environment(&[])).unwrap();
        for path in [&paths.data, &paths.config, &paths.cache, &paths.logs] {
            assert!(path.is_absolute(), "{path:?}");
        }
        let empty = PathFlags { data_dir: Some(PathBuf::new()), ..PathFlags::default() };
        assert!(matches!(Paths::find_within(None, &empty, &environment(&[])), Err(PathsError::Unusable { .. })));
    }
}
