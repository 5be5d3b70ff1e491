//! What Google takes and refuses with 400, by generation of the model (its documentation, November 2026).

use serde_json::Value;

use super::super::request::{Asked, tokens};
use super::refusal::Refusal;
use crate::rehearsal::catalogue::{Control, Model, Work};

/// A request that is in order.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) asked: Asked,
    /// The tokens that thinking takes, where there is room.
    pub(super) thinks: u64,
    /// Whether thoughts are to be shown.
    pub(super) shows: bool,
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

/// The text of a turn's parts.
fn parts(turn: Option<&Value>) -> Option<String> {
    let parts = turn?.get("parts")?.as_array()?;
    Some(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n"))
}

/// The tokens of a request's prompt.
pub(super) fn prompt(parsed: &Value) -> u64 {
    let turns = parsed.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said = turns.iter().filter_map(|turn| parts(Some(turn)));
    let bytes: usize = said.chain(parts(parsed.get("systemInstruction"))).map(|text| text.len()).sum();
    let config = parsed.get("generationConfig");
    let schema = config.and_then(|config| config.get("responseJsonSchema").or_else(|| config.get("responseSchema")));
    tokens(bytes + schema.map_or(0, |schema| schema.to_string().len()))
}

/// Reads a request to a model. `answers` is the model that answers it, whose rules hold.
pub(super) fn read(parsed: &Value, model: &Model, answers: &Model) -> Result<Question, Refusal> {
    let turns = parsed.get("contents").and_then(Value::as_array);
    if let Some(stranger) = turns
        .into_iter()
        .flatten()
        .find(|turn| !matches!(turn.get("role").and_then(Value::as_str), None | Some("user" | "model")))
    {
        let role = stranger.get("role").cloned().unwrap_or_default();
        return invalid(format!("Please use a valid role: user, model. Found {role}."));
    }
    let user = parts(turns.and_then(|turns| turns.last())).filter(|text| !text.trim().is_empty());
    let Some(user) = user else { return invalid("* GenerateContentRequest.contents: contents is not specified") };
    let config = parsed.get("generationConfig");
    let option = |name: &str| config.and_then(|config| config.get(name)).filter(|value| !value.is_null());
    let schema = option("responseJsonSchema").or_else(|| option("responseSchema")).cloned();
    if option("responseJsonSchema").is_some() && option("responseSchema").is_some() {
        return invalid("Only one of responseSchema and responseJsonSchema can be set.");
    }
    if schema.is_some() && option("responseMimeType").and_then(Value::as_str) != Some("application/json") {
        return invalid("A response schema is only supported with responseMimeType application/json.");
    }
    if let Some(kind) = option("responseSchema").and_then(lower_case) {
        return invalid(format!("Invalid value at 'generation_config.response_schema.type': \"{kind}\""));
    }
    if option("stopSequences").and_then(Value::as_array).is_some_and(|stops| stops.len() > 5) {
        return invalid("At most 5 stop sequences are allowed.");
    }
    let most = option("maxOutputTokens").and_then(Value::as_u64).filter(|most| *most > 0);
    let most = most.unwrap_or(answers.most_output.min(65_536));
    if most > answers.most_output {
        let limit = answers.most_output;
        return invalid(format!(
            "Unable to submit request because it has a maxOutputTokens value of {most} but the supported range is from 1 (inclusive) to {} (exclusive).",
            limit + 1
        ));
    }
    let thinking = option("thinkingConfig");
    let depth = depth(thinking, answers)?;
    let thinks = depth.min(most / 8);
    let shows = thinking.and_then(|thinking| thinking.get("includeThoughts")).and_then(Value::as_bool) == Some(true);
    let asked = Asked { model: model.id.to_owned(), user, schema, max_tokens: most - thinks };
    Ok(Question { asked, thinks, shows })
}

/// A type of the OpenAPI form that is not in upper case, anywhere in the schema.
fn lower_case(schema: &Value) -> Option<String> {
    let members = schema.as_object()?;
    let own = members.get("type").and_then(Value::as_str).filter(|kind| kind.chars().any(char::is_lowercase));
    let inner = || members.get("properties").and_then(Value::as_object)?.values().find_map(lower_case);
    own.map(str::to_owned).or_else(inner).or_else(|| members.get("items").and_then(lower_case))
}

/// The tokens of thinking that the control asks for. Small, as a rehearsal writes nothing that would take long thought.
fn depth(thinking: Option<&Value>, answers: &Model) -> Result<u64, Refusal> {
    let level = thinking.and_then(|thinking| thinking.get("thinkingLevel"));
    let budget = thinking.and_then(|thinking| thinking.get("thinkingBudget"));
    if level.is_some() && budget.is_some() {
        return invalid("Only one of thinkingBudget and thinkingLevel can be set.");
    }
    let Work::Gemini(control) = answers.work else { return Ok(0) };
    match control {
        Control::Budget { least, most, can_be_off } => {
            if level.is_some() {
                return invalid("Thinking level is not supported for this model.");
            }
            let Some(budget) = budget else { return Ok(96) };
            match budget.as_i64().map(|budget| (budget, u64::try_from(budget).ok())) {
                Some((-1, _)) => Ok(96),
                Some((0, _)) if can_be_off => Ok(0),
                Some((_, Some(budget))) if (least..=most).contains(&budget) => Ok((budget / 64).clamp(8, 256)),
                _ => invalid(format!(
                    "The thinking budget {budget} is invalid. Please choose a value between {least} and {most}."
                )),
            }
        }
        Control::Level { has_minimal } => {
            if budget.is_some() && answers.id.starts_with("gemini-4") {
                return invalid("Thinking budget is not supported for this model.");
            }
            let word = level.and_then(Value::as_str).map(str::to_ascii_uppercase);
            match (word.as_deref(), level) {
                (None, None) => Ok(96),
                (Some("MINIMAL"), _) if has_minimal => Ok(8),
                (Some("LOW"), _) => Ok(24),
                (Some("MEDIUM"), _) => Ok(96),
                (Some("HIGH"), _) => Ok(160),
                (_, _) => invalid("Thinking level is not supported for this model."),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rehearsal::catalogue::model;

    #[test]
    fn each_generation_has_its_own_control_of_thinking() {
        let ask = |id: &str, control: Value| {
            let model = model(id).unwrap();
            let parsed =
                json!({"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"thinkingConfig": control}});
            read(&parsed, model, model).map(|question| question.thinks).map_err(|refusal| refusal.message)
        };
        assert!(ask("gemini-2.5-pro", json!({"thinkingBudget": 8_192})).unwrap() > 0);
        assert!(ask("gemini-2.5-pro", json!({"thinkingBudget": 0})).is_err(), "it cannot be turned off");
        assert_eq!(ask("gemini-2.5-flash", json!({"thinkingBudget": 0})), Ok(0));
        assert!(ask("gemini-2.5-flash", json!({"thinkingBudget": 24_577})).is_err());
        assert!(ask("gemini-2.5-pro", json!({"thinkingLevel": "LOW"})).unwrap_err().contains("not supported"));
        assert!(ask("gemini-3.1-pro-preview", json!({"thinkingLevel": "MINIMAL"})).is_ok());
        assert!(ask("gemini-3.8-flash", json!({"thinkingLevel": "minimal"})).is_err());
        assert!(ask("gemini-4-argon", json!({"thinkingBudget": 1_024})).is_err());
        assert!(ask("gemini-3.8-flash", json!({"thinkingLevel": "LOW", "thinkingBudget": 1_024})).is_err());
    }

    #[test]
    fn the_two_forms_of_a_schema_are_told_apart() {
        let model = model("gemini-3.8-flash").unwrap();
        let ask = |config: Value| {
            let parsed = json!({"contents": [{"parts": [{"text": "x"}]}], "generationConfig": config});
            read(&parsed, model, model).map(|question| question.asked.schema).map_err(|refusal| refusal.message)
        };
        let json_mime = "application/json";
        let upper = json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}});
        let lower = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        assert_eq!(ask(json!({"responseMimeType": json_mime, "responseSchema": upper})), Ok(Some(upper.clone())));
        assert!(ask(json!({"responseMimeType": json_mime, "responseSchema": lower})).is_err());
        assert_eq!(ask(json!({"responseMimeType": json_mime, "responseJsonSchema": lower})), Ok(Some(lower.clone())));
        assert!(ask(json!({"responseJsonSchema": lower})).is_err());
        assert!(
            ask(json!({"responseMimeType": json_mime, "responseJsonSchema": lower, "responseSchema": upper})).is_err()
        );
    }
}
