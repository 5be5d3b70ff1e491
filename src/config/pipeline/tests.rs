//! The pipeline that ships, and files with planted faults.

use super::*;

fn built_in() -> PipelineFile {
    PipelineFile::load(Path::new("/nowhere"), "episode").unwrap()
}

#[test]
fn the_pipeline_that_ships_is_sound_and_knows_its_lines() {
    let file = built_in();
    assert_eq!(file.name, "episode");
    assert_eq!(file.hash, ContentHash::of(BUILT_IN[0].1.as_bytes()));
    assert_eq!(file.stage_names().len(), file.pipeline.stages().len());
    let script = "script".parse().unwrap();
    let line = file.place(&script).unwrap().line;
    let source: Vec<&str> = BUILT_IN[0].1.lines().collect();
    assert_eq!((source[line - 1], source[line]), ("[[stage]]", "id = \"script\""));
    let gates = file.pipeline.stages().iter().filter(|stage| stage.kind == Kind::Gate).count();
    assert_eq!(gates, 6);
    let optional: Vec<&str> = file.optional.iter().map(|id| id.as_str()).collect();
    assert_eq!(optional, ["angle", "compliance", "gaps", "research_acceptance"]);
}

const SOUND: &str = r#"schema = 1
name = "short"

[[stage]]
id = "research"
title = "Research"
kind = "render"
inputs = []
output = "research"

[[stage]]
id = "brief"
title = "Brief"
kind = "agent"
agent = "production_orchestrator"
inputs = ["research"]
output = "brief"
time_limit_seconds = 240

[[stage]]
id = "look"
title = "Look"
kind = "gate"
inputs = ["brief"]
output = "report"
human = "always"
signs = ["brief"]
send_back = "brief"
"#;

#[test]
fn a_sound_file_is_read_and_what_it_leaves_out_has_its_usual_value() {
    let file = PipelineFile::parse("p.toml", SOUND).unwrap();
    let limits: Vec<u32> = file.pipeline.stages().iter().map(|stage| stage.time_limit_seconds).collect();
    assert_eq!(limits, [LOCAL_SECONDS, 240, LOCAL_SECONDS]);
    assert_eq!(file.place(&"look".parse().unwrap()).unwrap().to_string(), "p.toml:20:1");
}

#[test]
fn each_planted_fault_is_told_with_its_line() {
    let cases = [
        ("inputs = []", "inputs = [\"brief\"]", "p.toml:8:10: these stages wait for one another: research, brief"),
        ("inputs = [\"research\"]", "inputs = [\"reserch\"]", "p.toml:16:10: `brief` names `reserch` under `inputs`"),
        ("inputs = [\"research\"]", "inputs = [\"reserch\"]", "did you mean `research`?"),
        ("id = \"look\"", "id = \"brief\"", "p.toml:21:6: `brief` is the name of two stages"),
        ("id = \"look\"", "id = \"Look\"", "p.toml:21:6: `stage.id`: `L` is not allowed"),
        (
            "kind = \"agent\"\n",
            "kind = \"agnet\"\n",
            "p.toml:14:8: `stage.kind` cannot be `agnet`: did you mean `agent`?",
        ),
        (
            "kind = \"render\"",
            "kind = \"master\"",
            "p.toml:7:8: `research` is of the kind Master, which this version does not run",
        ),
        ("agent = \"production_orchestrator\"\n", "", "p.toml:11:1: `brief` is Agent and names no `agent`"),
        ("human = \"always\"\n", "", "p.toml:20:1: `look` is Gate and does not say when it asks a person"),
        ("human = \"always\"", "human = \"alway\"", "p.toml:26:9: `stage.human` cannot be `alway`"),
        (
            "signs = [\"brief\"]",
            "signs = [\"research\"]",
            "p.toml:20:1: `look` is Gate and signs what is not among its `inputs`",
        ),
        (
            "send_back = \"brief\"",
            "send_bck = \"brief\"",
            "p.toml:28:1: `stage.send_bck` is not known: did you mean `send_back`?",
        ),
        (
            "output = \"brief\"",
            "output = \"breif\"",
            "p.toml:17:10: `stage.output` cannot be `breif`: did you mean `brief`?",
        ),
        (
            "time_limit_seconds = 240",
            "time_limit_seconds = 0",
            "p.toml:18:22: `stage.time_limit_seconds` must be a whole",
        ),
        ("inputs = [\"brief\"]", "inputs = [\"brief\", 3]", "p.toml:24:20: `stage.inputs` must be a text in quotes"),
        ("inputs = [\"brief\"]", "inputs = \"brief\"", "p.toml:24:10: `stage.inputs` must be a list of texts"),
        ("schema = 1", "schema = 7", "p.toml:1:10: this version of the program reads `schema = 1` and not 7"),
        ("name = \"short\"", "name = \"a/b\"", "p.toml:2:8: `name`: `/` is not allowed"),
        ("[[stage]]", "[[stage]", "p.toml:4:"),
    ];
    for (from, to, expected) in cases {
        assert!(SOUND.contains(from), "{from}");
        let found = PipelineFile::parse("p.toml", &SOUND.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(found.contains(expected), "{to}: expected {expected}, found\n{found}");
    }
}

#[test]
fn a_stage_that_cannot_be_read_is_not_also_called_missing() {
    let source = SOUND.replacen("output = \"brief\"", "output = \"breif\"", 1);
    assert_eq!(PipelineFile::parse("p.toml", &source).unwrap_err().0.len(), 1);
    let empty = PipelineFile::parse("p.toml", "schema = 1\nname = \"none\"\n").unwrap_err().to_string();
    assert!(empty.contains("the pipeline has no stage"), "{empty}");
}

#[test]
fn a_file_of_ones_own_comes_before_the_one_compiled_in() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str| PipelineFile::load(folder.path(), name);
    assert_eq!(load("episode").unwrap(), built_in());
    for bad in ["../episode", "", "Episode"] {
        assert!(load(bad).is_err(), "{bad}");
    }
    let missing = load("episod").unwrap_err().to_string();
    assert!(missing.contains("did you mean `episode`?"), "{missing}");
    std::fs::create_dir(folder.path().join("pipelines")).unwrap();
    let path = folder.path().join("pipelines/episode.toml");
    std::fs::write(&path, SOUND).unwrap();
    let error = load("episode").unwrap_err().to_string();
    assert!(error.contains("calls its pipeline `short`, not `episode`"), "{error}");
    std::fs::write(&path, SOUND.replace("\"short\"", "\"episode\"")).unwrap();
    assert_eq!(load("episode").unwrap().pipeline.stages().len(), 3);
}

#[test]
fn every_contract_is_known_by_its_name() {
    for known in CONTRACTS {
        assert_eq!(contract(known.name()), Some(known));
    }
    assert_eq!(contract("notes"), None);
}

#[test]
fn a_stage_may_ask_for_the_light_model_of_its_role() {
    let file = built_in();
    let light: Vec<&str> =
        file.tiers.iter().filter(|(_, tier)| **tier == Tier::Light).map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(light, ["compliance", "gaps", "routing"], "first checks and small steps, and nothing that counts");
    let source = BUILT_IN[0].1;
    let wrong = source.replacen("tier = \"light\"", "tier = \"cheap\"", 1);
    let faults = PipelineFile::parse("episode.toml", &wrong).unwrap_err().to_string();
    assert!(faults.contains("`stage.tier` cannot be `cheap`: known are `light`, `premium`"), "{faults}");
}
