//! What Anthropic takes and refuses with 400, by version header and generation of the model (its documentation, November
//! 2026).

use serde_json::Value;

use super::super::request::{Asked, texts};
use super::cache::{Block, MOST_BREAKPOINTS, Ttl};
use super::refusal::Refusal;
use super::schema;
use crate::rehearsal::catalogue::{self, Era, Model, Work};

/// What the request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Answer,
    Batch,
    Count,
}

/// What is shown of the thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    Off,
    /// A block without text, with a signature.
    Omitted,
    /// A summary.
    Summarized,
}

/// A request that is in order.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) asked: Asked,
    pub(super) model: &'static Model,
    pub(super) is_streamed: bool,
    pub(super) thinking: Thinking,
    /// The tokens that thinking takes, where it is on and there is room.
    pub(super) thinks: u64,
    /// The tool that the answer is put into.
    pub(super) tool: Option<String>,
    /// The blocks of the prompt.
    pub(super) blocks: Vec<Block>,
    /// The bytes of the schema, which are counted with the prompt.
    pub(super) schema_bytes: usize,
    /// What else a cached prefix hangs on.
    pub(super) salt: String,
}

impl Message {
    /// The tokens of the whole prompt.
    pub(super) fn prompt(&self) -> u64 {
        let bytes: usize = self.blocks.iter().map(|block| block.bytes).sum();
        super::super::request::tokens(bytes + self.schema_bytes)
    }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

fn word<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Reads a request as its version header and the day have it.
pub(super) fn read(parsed: &Value, is_new: bool, day: &str, purpose: Purpose) -> Result<Message, Refusal> {
    let Some(id) = word(parsed, "/model") else { return invalid("model: Field required") };
    let model = catalogue::model(id).filter(|model| model.is_alive(day)).ok_or_else(|| Refusal::model(id))?;
    let Work::Claude(era) = model.work else { return Err(Refusal::model(id)) };
    let max_tokens = match (parsed.get("max_tokens").and_then(Value::as_u64), purpose) {
        (_, Purpose::Count) => model.most_output,
        (Some(0), Purpose::Batch) => return invalid("max_tokens: 0 is not supported in batches"),
        (Some(most), Purpose::Answer | Purpose::Batch) => most,
        (None, Purpose::Answer | Purpose::Batch) => return invalid("max_tokens: Field required"),
    };
    if max_tokens > model.most_output {
        let most = model.most_output;
        return invalid(format!(
            "max_tokens: {max_tokens} > {most}, which is the maximum allowed number of output tokens for {id}"
        ));
    }
    if purpose == Purpose::Batch && parsed.get("stream").is_some_and(|stream| stream != &Value::Bool(false)) {
        return invalid("stream: streaming is not supported in batches");
    }
    if word(parsed, "/speed").is_some_and(|speed| speed != "standard") {
        return invalid("speed: fast mode is not available to this workspace");
    }
    sampling(parsed, is_new, era)?;
    let effort = effort(parsed, era)?;
    let thinking = thinking(parsed, era, effort, max_tokens)?;
    let blocks = turns(parsed, is_new, era)?;
    let (schema, tool) = output(parsed, era)?;
    let user = list(parsed, "messages").iter().rev().find(|turn| word(turn, "/role") == Some("user"));
    let user = user.and_then(|turn| texts(turn.get("content")));
    let Some(user) = user else { return invalid("messages: content: Field required") };
    let thinks = if thinking == Thinking::Off { 0 } else { depth(effort).min(max_tokens / 8) };
    let part = |pointer: &str| parsed.pointer(pointer).map(Value::to_string).unwrap_or_default();
    let salt = [id.to_owned(), part("/output_config"), part("/thinking"), part("/tool_choice")].join("\n");
    let schema_bytes = match (&tool, &schema) {
        (None, Some(schema)) => schema.to_string().len(),
        (Some(_), _) | (None, None) => 0,
    };
    let asked = Asked { model: id.to_owned(), user, schema, max_tokens: max_tokens.saturating_sub(thinks) };
    let is_streamed = parsed.get("stream").and_then(Value::as_bool) == Some(true);
    let message = Message { asked, model, is_streamed, thinking, thinks, tool, blocks, schema_bytes, salt };
    let prompt = message.prompt();
    if prompt > model.context {
        return invalid(format!("prompt is too long: {prompt} tokens > {} maximum", model.context));
    }
    Ok(message)
}

/// Sampling: refused in any value by the new version, and in any but the default by the models from 4.7 on.
fn sampling(parsed: &Value, is_new: bool, era: Era) -> Result<(), Refusal> {
    let takes = matches!(era, Era::Four | Era::FourFive | Era::OpusFourFive | Era::FourSix);
    for (name, usual) in [("temperature", 1.0), ("top_p", 1.0), ("top_k", 0.0)] {
        let Some(value) = parsed.get(name) else { continue };
        let is_usual = value.as_f64().is_some_and(|value| (value - usual).abs() < f64::EPSILON);
        if is_new {
            return invalid(format!("{name}: Extra inputs are not permitted"));
        }
        if !takes && !is_usual {
            return invalid(format!("`{name}` is not supported with a value other than its default for this model."));
        }
        if name == "temperature" && !is_usual && word(parsed, "/thinking/type") == Some("enabled") {
            return invalid("`temperature` may only be set to 1 when thinking is enabled.");
        }
    }
    Ok(())
}

/// The effort, where one is asked for and the model has it.
fn effort(parsed: &Value, era: Era) -> Result<Option<&str>, Refusal> {
    let Some(effort) = parsed.pointer("/output_config/effort") else { return Ok(None) };
    match (effort.as_str(), era) {
        (_, Era::Four | Era::FourFive) => invalid("This model does not support the effort parameter."),
        (Some(effort @ ("low" | "medium" | "high" | "xhigh" | "max")), _) => Ok(Some(effort)),
        (_, _) => invalid("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"),
    }
}

/// Tokens of thinking at an effort. Small, as a rehearsal writes nothing that would take long thought.
fn depth(effort: Option<&str>) -> u64 {
    match effort {
        Some("low") => 24,
        Some("high") | None => 96,
        Some("xhigh" | "max") => 160,
        Some(_) => 48,
    }
}

/// Whether it thinks and shows it, by the table of the generations.
fn thinking(parsed: &Value, era: Era, effort: Option<&str>, max_tokens: u64) -> Result<Thinking, Refusal> {
    let by_itself = match era {
        Era::Four | Era::FourFive | Era::OpusFourFive | Era::FourSix | Era::FourSeven => false,
        Era::Five | Era::SonnetFive | Era::FableFive | Era::FiveFive | Era::SonnetFiveFive => true,
    };
    let is_old = matches!(era, Era::Four | Era::FourFive | Era::OpusFourFive);
    let kind = word(parsed, "/thinking/type");
    let is_forced = matches!(word(parsed, "/tool_choice/type"), Some("any" | "tool"));
    let is_on = match kind {
        None if parsed.get("thinking").is_some() => return invalid("thinking.type: Field required"),
        None => by_itself,
        Some("adaptive") if is_old => return invalid("adaptive thinking is not supported on this model"),
        Some("adaptive") => true,
        Some("enabled") if is_old || era == Era::FourSix => {
            let budget = parsed.pointer("/thinking/budget_tokens").and_then(Value::as_u64);
            match budget {
                Some(budget) if budget >= 1_024 && budget < max_tokens => true,
                _ => {
                    return invalid("thinking.enabled.budget_tokens: must be at least 1024 and less than `max_tokens`");
                }
            }
        }
        Some("enabled") => {
            return invalid(
                "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                 \"output_config.effort\" to control thinking behavior.",
            );
        }
        Some("disabled") => match era {
            Era::FableFive | Era::FiveFive | Era::SonnetFiveFive => {
                return invalid("\"thinking.type.disabled\" is not supported for this model.");
            }
            Era::Five if matches!(effort, Some("xhigh" | "max")) => {
                return invalid("\"thinking.type.disabled\" is not supported at this effort.");
            }
            Era::Five
            | Era::SonnetFive
            | Era::Four
            | Era::FourFive
            | Era::OpusFourFive
            | Era::FourSix
            | Era::FourSeven => false,
        },
        Some("between_tools") if era == Era::SonnetFiveFive && !matches!(effort, Some("xhigh" | "max")) => false,
        Some(_) => return invalid("thinking.type: Input should be 'adaptive', 'disabled' or 'enabled'"),
    };
    let never_forced = matches!(era, Era::FiveFive | Era::SonnetFiveFive);
    if is_forced && (never_forced || kind == Some("enabled")) {
        return invalid("Thinking may not be enabled when tool_choice forces tool use.");
    }
    let shown = match word(parsed, "/thinking/display") {
        None if is_old || era == Era::FourSix => Thinking::Summarized,
        None | Some("omitted") => Thinking::Omitted,
        Some("summarized") => Thinking::Summarized,
        Some(_) => return invalid("thinking.display: Input should be 'summarized' or 'omitted'"),
    };
    Ok(if is_on { shown } else { Thinking::Off })
}

/// The blocks of the prompt in the order of the cache, with its breakpoints; and what may not stand in them.
fn turns(parsed: &Value, is_new: bool, era: Era) -> Result<Vec<Block>, Refusal> {
    let messages = list(parsed, "messages");
    let Some(last) = messages.last() else { return invalid("messages: at least one message is required") };
    let takes_prefill = matches!(era, Era::Four | Era::FourFive | Era::OpusFourFive);
    match word(last, "/role") {
        Some("user") => {}
        Some("assistant") if takes_prefill => {}
        _ => {
            return invalid(
                "This model does not support assistant message prefill. The conversation must end with a user message.",
            );
        }
    }
    let mut blocks = Vec::new();
    for tool in list(parsed, "tools") {
        blocks.push(block(tool, tool.to_string().len())?);
    }
    match parsed.get("system") {
        Some(Value::String(text)) => blocks.push(Block { said: text.clone(), bytes: text.len(), ttl: None }),
        _ => {
            for part in list(parsed, "system") {
                blocks.push(block(part, word(part, "/text").map_or(0, str::len))?);
            }
        }
    }
    for turn in messages {
        let role = word(turn, "/role").unwrap_or_default();
        if let Some(text) = word(turn, "/content") {
            blocks.push(Block { said: format!("{role}\n{text}"), bytes: text.len(), ttl: None });
        }
        for part in list(turn, "content") {
            if is_new && role == "assistant" && word(part, "/type") == Some("document") {
                return invalid("messages: `document` blocks are not permitted in assistant messages");
            }
            if is_new && role == "user" && !list(part, "citations").is_empty() {
                return invalid("messages: `citations` are not permitted in user messages");
            }
            let bytes = word(part, "/text").map_or_else(|| part.to_string().len(), str::len);
            let mut read = block(part, bytes)?;
            read.said.insert_str(0, role);
            blocks.push(read);
        }
    }
    if parsed.get("cache_control").is_some()
        && let Some(last) = blocks.last_mut()
    {
        last.ttl = ttl(parsed)?;
    }
    let ttls: Vec<Ttl> = blocks.iter().filter_map(|block| block.ttl).collect();
    if ttls.len() > MOST_BREAKPOINTS {
        let found = ttls.len();
        return invalid(format!("A maximum of 4 blocks with cache_control may be provided. Found {found}."));
    }
    if ttls.windows(2).any(|pair| pair == [Ttl::FiveMinutes, Ttl::OneHour]) {
        return invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.");
    }
    Ok(blocks)
}

fn block(part: &Value, bytes: usize) -> Result<Block, Refusal> {
    let ttl = ttl(part)?;
    let mut bare = part.clone();
    if let Some(members) = bare.as_object_mut() {
        members.remove("cache_control");
    }
    Ok(Block { said: bare.to_string(), bytes, ttl })
}

fn ttl(part: &Value) -> Result<Option<Ttl>, Refusal> {
    let Some(control) = part.get("cache_control").filter(|control| !control.is_null()) else { return Ok(None) };
    match (word(control, "/type"), word(control, "/ttl")) {
        (Some("ephemeral"), None | Some("5m")) => Ok(Some(Ttl::FiveMinutes)),
        (Some("ephemeral"), Some("1h")) => Ok(Some(Ttl::OneHour)),
        (_, _) => invalid("cache_control: Input should be ephemeral with a ttl of '5m' or '1h'"),
    }
}

/// The schema of the answer, and the tool that it is put into where it comes by one.
fn output(parsed: &Value, era: Era) -> Result<(Option<Value>, Option<String>), Refusal> {
    if parsed.get("output_format").is_some() {
        return invalid("output_format: Extra inputs are not permitted");
    }
    if let Some(format) = parsed.pointer("/output_config/format").filter(|format| !format.is_null()) {
        if era == Era::Four {
            return invalid("This model does not support structured outputs.");
        }
        if word(format, "/type") != Some("json_schema") {
            return invalid("output_config.format.type: Input should be 'json_schema'");
        }
        let Some(schema) = format.get("schema").filter(|schema| schema.is_object()) else {
            return invalid("output_config.format.schema: Field required");
        };
        schema::check(schema, "output_config.format.schema")?;
        return Ok((Some(schema.clone()), None));
    }
    let tools = list(parsed, "tools");
    for tool in tools {
        if tool.get("strict").and_then(Value::as_bool) == Some(true)
            && let Some(schema) = tool.get("input_schema")
        {
            schema::check(schema, "tools.input_schema")?;
        }
    }
    let name = |tool: &Value| word(tool, "/name").map(str::to_owned);
    let chosen = match word(parsed, "/tool_choice/type") {
        Some("none") => None,
        Some("tool") => {
            let wanted = word(parsed, "/tool_choice/name");
            let found = tools.iter().find(|tool| word(tool, "/name") == wanted);
            Some(found.ok_or_else(|| Refusal::invalid("tool_choice.name: no tool of that name is given"))?)
        }
        None | Some("auto" | "any") => tools.first(),
        Some(_) => return invalid("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"),
    };
    let schema = chosen.and_then(|tool| tool.get("input_schema")).cloned();
    Ok((schema, chosen.and_then(name)))
}
