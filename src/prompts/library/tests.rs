//! The prompts that ship against the pipeline that ships, and those of a config folder over them.

use std::path::PathBuf;

use super::*;

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join("prompts").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn notes() -> &'static str {
    BUILT_IN.iter().find(|(agent, ..)| *agent == "show_notes").unwrap().2
}

#[test]
fn every_file_of_the_prompts_folder_is_compiled_in_and_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    let mut on_disk = BTreeSet::new();
    for agent in entries(&folder).unwrap() {
        for file in entries(&folder.join(&agent)).unwrap() {
            on_disk.insert(format!("{agent}/{file}"));
        }
    }
    let compiled: BTreeSet<String> =
        BUILT_IN.iter().map(|(agent, version, _)| format!("{agent}/{version}.md")).collect();
    assert_eq!(on_disk, compiled);
    assert_eq!(Library::built_in().unwrap().prompts().count(), compiled.len());
}

#[test]
fn the_prompts_that_ship_can_serve_the_pipeline_that_ships() {
    let pipeline = PipelineFile::load(Path::new("/nowhere"), "episode").unwrap();
    assert_eq!(Library::built_in().unwrap().check(&pipeline), Ok(()));
}

#[test]
fn every_prompt_that_ships_is_filled_by_its_slots() {
    for prompt in Library::built_in().unwrap().prompts() {
        let content = prompt.slots.iter().map(|slot| (slot.clone(), format!("{{\"{slot}\":1}}"))).collect();
        let rendered = prompt.render(&content).unwrap();
        for slot in &prompt.slots {
            let block = format!("<data name=\"{slot}\">{{\"{slot}\":1}}</data>");
            assert_eq!(rendered.user.matches(&block).count(), 1, "{} {slot}", prompt.name);
        }
        assert!(!rendered.system.contains("{{") && !rendered.user.contains("{{"), "{}", prompt.name);
    }
}

#[test]
fn the_highest_version_is_the_default_and_a_pinned_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    for version in ["1.9.0", "1.10.0"] {
        let text = notes().replace("version: \"1.0.0\"", &format!("version: \"{version}\""));
        write(folder.path(), &format!("show_notes/{version}.md"), &text);
    }
    write(folder.path(), "show_notes/.draft.md", "nothing");
    write(folder.path(), "show_notes/README.txt", "nothing");
    let library = Library::load(folder.path()).unwrap();
    assert_eq!(library.latest("show_notes").unwrap().version.to_string(), "1.10.0");
    let first = library.get("show_notes", "1.0.0".parse().unwrap()).unwrap();
    assert_eq!(library.pinned("show_notes", &first.hash), Some(first));
    assert_eq!(library.pinned("promotion", &first.hash), None);
    let own = notes().replace("Write the show notes.", "Write other notes.");
    assert_ne!(own, notes());
    write(folder.path(), "show_notes/1.0.0.md", &own);
    let library = Library::load(folder.path()).unwrap();
    let replaced = library.get("show_notes", "1.0.0".parse().unwrap()).unwrap();
    assert_eq!(replaced.hash, ContentHash::of(own.as_bytes()));
}

#[test]
fn faults_of_all_files_are_told_at_once_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(folder.path(), "show_notes/2.0.0.md", notes());
    let second = write(folder.path(), "own_agent/latest.md", notes());
    let found = Library::load(folder.path()).unwrap_err().to_string();
    assert!(found.contains(&format!("{}:3:1: the prompt says version `1.0.0`", first.display())), "{found}");
    assert!(found.contains(&format!("{}:2:1: the prompt calls itself `show_notes`", second.display())), "{found}");
}

#[test]
fn a_pipeline_whose_agents_cannot_be_asked_is_told_at_its_stage() {
    let library = Library::built_in().unwrap();
    let sound = include_str!("../../../assets/pipelines/episode.toml");
    let line_of = |needle: &str| {
        let at = sound.lines().position(|line| line == needle).unwrap();
        at - sound.lines().take(at).collect::<Vec<_>>().iter().rev().position(|line| *line == "[[stage]]").unwrap()
    };
    let cases = [
        (
            "agent = \"episode_planner\"",
            "agent = \"episode_planer\"",
            "`plan`: there is no prompt of the agent `episode_planer`: did you mean `episode_planner`?",
        ),
        (
            "agent = \"episode_planner\"",
            "agent = \"promotion\"",
            "`plan`: the agent `promotion` answers with `promotion`, and the stage needs `plan`",
        ),
        ("inputs = [\"research\", \"brief\"]", "inputs = [\"research\"]", "`plan`: no input fills the slot `brief`"),
        (
            "reviser = \"script_polisher\"",
            "reviser = \"script_writer\"",
            "`script`: the agent `script_writer` answers with `draft`, and the stage needs `revision`",
        ),
    ];
    for (from, to, expected) in cases {
        let file = PipelineFile::parse("p.toml", &sound.replacen(from, to, 1)).unwrap();
        let found = library.check(&file).unwrap_err().to_string();
        let line = line_of(from);
        assert!(
            found.contains(&format!("p.toml:{line}:1: {expected}")),
            "{to}: expected {expected} on line {line}, found\n{found}"
        );
    }
}
