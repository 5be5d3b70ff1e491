//! Imports point downward only. Every path in every source file is read, inline ones too, and an upward one fails.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// The modules of each floor, lowest first. A module may use its own floor's neighbours only where that is said.
const FLOORS: &[(usize, &[&str])] = &[
    (0, &["domain"]),
    (1, &["config", "prompts", "clock"]),
    (2, &["ledger", "provider", "media", "notify"]),
    (3, &["engine", "rehearsal"]),
    (4, &["tui", "report", "cli"]),
];

/// The floor whose modules are strangers to one another.
const STRANGERS: usize = 2;

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

/// Crates that the pure core never names, with the modules of std that do I/O.
const FORBIDDEN_IN_DOMAIN: &[&str] = &["tokio", "sled", "reqwest", "ratatui", "crossterm", "axum"];
const FORBIDDEN_STD: &[&str] = &["fs", "env", "net", "process", "thread"];

struct Paths {
    module: Vec<String>,
    faults: Vec<String>,
}

impl Paths {
    fn check(&mut self, segments: &[String]) {
        let Some(own) = self.module.first().cloned() else { return };
        let Some(own_floor) = floor(&own) else { return };
        let absolute: Vec<String> = match segments.first().map(String::as_str) {
            Some("crate" | "greenroom") => segments.iter().skip(1).cloned().collect(),
            Some("super") => {
                let ups = segments.iter().take_while(|s| *s == "super").count();
                let base = self.module.len().saturating_sub(ups);
                self.module.iter().take(base).chain(segments.iter().skip(ups)).cloned().collect()
            }
            Some("std") if own_floor == 0 => {
                if segments.get(1).is_some_and(|s| FORBIDDEN_STD.contains(&s.as_str())) {
                    self.faults.push(format!("{} uses {}", self.module.join("::"), segments.join("::")));
                }
                return;
            }
            Some(name) if own_floor == 0 && FORBIDDEN_IN_DOMAIN.contains(&name) => {
                self.faults.push(format!("{} uses {name}", self.module.join("::")));
                return;
            }
            Some(_) | None => return,
        };
        let Some(target) = absolute.first() else { return };
        let Some(target_floor) = floor(target) else { return };
        let stranger = own_floor == STRANGERS && target_floor == STRANGERS && *target != own;
        if target_floor > own_floor || stranger {
            self.faults.push(format!("{} uses {}", self.module.join("::"), absolute.join("::")));
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, prefix)),
            syn::UseTree::Name(name) => self.leaf(prefix, &name.ident),
            syn::UseTree::Rename(name) => self.leaf(prefix, &name.ident),
            syn::UseTree::Glob(_) => self.check(prefix),
        }
    }

    fn leaf(&mut self, prefix: &[String], name: &syn::Ident) {
        let mut path = prefix.to_vec();
        path.push(name.to_string());
        self.check(&path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.check(&segments);
        syn::visit::visit_path(self, path);
    }
}

fn faults(module: &[&str], source: &str) -> Vec<String> {
    let module: Vec<String> = module.iter().map(|name| (*name).to_owned()).collect();
    let file = syn::parse_file(source).expect("a source file that parses");
    let mut paths = Paths { module, faults: Vec::new() };
    paths.visit_file(&file);
    paths.faults
}

fn sources(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.insert(path);
        }
    }
}

#[test]
fn imports_point_downward_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeSet::new();
    sources(&src, &mut files);
    let mut all = Vec::new();
    for file in &files {
        let inside = file.strip_prefix(&src).unwrap().with_extension("");
        let module: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).filter(|part| *part != "mod").collect();
        all.extend(faults(&module, &fs::read_to_string(file).unwrap()));
    }
    assert!(files.len() > 5, "the sources were not found");
    assert!(all.is_empty(), "upward imports:\n{}", all.join("\n"));
}

#[test]
fn planted_violations_are_seen() {
    let planted = [
        (&["domain", "script"][..], "use crate::ledger::journal::Journal;"),
        (&["domain", "script"], "fn f() { crate::engine::start(); }"),
        (&["domain", "script"], "fn f(x: super::super::tui::Model) {}"),
        (&["domain", "script"], "use std::{fmt, fs};"),
        (&["domain", "script"], "use tokio::sync::mpsc;"),
        (&["ledger", "blobs"], "use crate::{domain::money, media::wav};"),
        (&["engine"], "use crate::tui as screen;"),
    ];
    for (module, source) in planted {
        assert_eq!(faults(module, source).len(), 1, "{source}");
    }
    assert_eq!(faults(&["domain"], "mod tests { use super::super::tui; }").len(), 1);
    assert!(faults(&["domain", "script"], "mod tests { use super::super::ids; use super::*; }").is_empty());
    assert!(faults(&["ledger", "blobs"], "use crate::domain::ids; use super::chain; use std::fs;").is_empty());
}

/// The packages of the lock file that need this one, by name and version.
fn needed_by<'a>(lock: &'a toml::Table, (name, version): (&str, &str)) -> Vec<(&'a str, &'a str)> {
    let text = |package: &'a toml::Value, key: &str| package[key].as_str().expect("a text");
    // The version stands there only where there are several.
    let is_it = |line: &str| line == name || line == format!("{name} {version}");
    let needs = |package: &&toml::Value| {
        let needed = package.get("dependencies").and_then(toml::Value::as_array);
        needed.into_iter().flatten().filter_map(toml::Value::as_str).any(is_it)
    };
    let packages = lock["package"].as_array().expect("packages");
    packages.iter().filter(needs).map(|package| (text(package, "name"), text(package, "version"))).collect()
}

#[test]
fn the_advisories_that_are_ignored_are_those_that_sled_alone_brings_and_the_readme_names_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a file");
    let table = |name: &str| read(name).parse::<toml::Table>().expect("TOML");
    let (deny, lock, readme) = (table("deny.toml"), table("Cargo.lock"), read("README.md"));
    let ignored = deny["advisories"]["ignore"].as_array().expect("a list");
    let text = |entry: &toml::Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    let ids: Vec<String> = ignored.iter().map(|entry| text(entry, "id")).collect();
    assert_eq!(ids, ["RUSTSEC-2025-0057", "RUSTSEC-2024-0384"]);
    for (entry, crate_) in ignored.iter().zip([("fxhash", "0.2.1"), ("instant", "0.1.13")]) {
        assert!(text(entry, "reason").contains(crate_.0) && readme.contains(&text(entry, "id")), "{crate_:?}");
        // Up from the crate, every way leads through sled.
        let mut above = needed_by(&lock, crate_);
        assert!(!above.is_empty(), "{crate_:?} is not needed any more: its advisory need not be ignored");
        while let Some(one) = above.pop() {
            assert_ne!(one.0, "greenroom", "{crate_:?} is not sled's alone any more");
            if one.0 != "sled" {
                above.extend(needed_by(&lock, one));
            }
        }
    }
}
