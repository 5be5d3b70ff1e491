//! The shows that come with the program.

/// The show of a check of the judges: no episode is made for it.
pub const CHECK_OF_JUDGES: &str = "judges-check";

const BUILT_IN: [(&str, &str); 3] = [
    ("open-questions", include_str!("../../../assets/shows/open-questions.toml")),
    ("open-questions-short", include_str!("../../../assets/shows/open-questions-short.toml")),
    (CHECK_OF_JUDGES, include_str!("../../../assets/shows/judges-check.toml")),
];

/// The names of those that episodes are made for.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).filter(|name| *name != CHECK_OF_JUDGES)
}

/// The profile of one.
pub fn source(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// How one is named in a fault: it has no file until it is written out.
pub fn place(name: &str) -> String {
    if name == CHECK_OF_JUDGES {
        return format!("built-in show {name}");
    }
    format!("built-in show {name} (`greenroom config init show {name}` writes it out to edit)")
}
