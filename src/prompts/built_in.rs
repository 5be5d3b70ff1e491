//! The prompts that the program was built with. A file that is missing here is found by the library's test.

/// Folder, file name without its ending, and text of each.
pub(super) const BUILT_IN: &[(&str, &str, &str)] = &[
    ("arbiter", "1.0.0", include_str!("../../prompts/arbiter/1.0.0.md")),
    ("artwork_brief", "1.0.0", include_str!("../../prompts/artwork_brief/1.0.0.md")),
    ("episode_planner", "1.0.0", include_str!("../../prompts/episode_planner/1.0.0.md")),
    ("feedback_synthesizer", "1.0.0", include_str!("../../prompts/feedback_synthesizer/1.0.0.md")),
    ("final_reviewer", "1.0.0", include_str!("../../prompts/final_reviewer/1.0.0.md")),
    ("production_orchestrator", "1.0.0", include_str!("../../prompts/production_orchestrator/1.0.0.md")),
    ("promotion", "1.0.0", include_str!("../../prompts/promotion/1.0.0.md")),
    ("quality_claude", "1.0.0", include_str!("../../prompts/quality_claude/1.0.0.md")),
    ("quality_gemini", "1.0.0", include_str!("../../prompts/quality_gemini/1.0.0.md")),
    ("revision_comparer", "1.0.0", include_str!("../../prompts/revision_comparer/1.0.0.md")),
    ("script_polisher", "1.0.0", include_str!("../../prompts/script_polisher/1.0.0.md")),
    ("script_writer", "1.0.0", include_str!("../../prompts/script_writer/1.0.0.md")),
    ("show_notes", "1.0.0", include_str!("../../prompts/show_notes/1.0.0.md")),
    ("tts_optimizer", "1.0.0", include_str!("../../prompts/tts_optimizer/1.0.0.md")),
];
