//! How the providers are spoken to where there is a choice: the form of spoken answers, what a voice is told of its neighbours,
//! and which program answers on OpenAI's wire.
//!
//! What each program takes is data here, from the documentation of OpenAI, Ollama, llama.cpp, vLLM and LM Studio, November 2026.
//! Not for what a model takes, which is the models' table.

/// What ElevenLabs is asked to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceForm {
    /// One document with the audio and when each character is heard.
    Timestamps,
    /// The same in pieces, while it is made.
    StreamTimestamps,
    /// Audio alone.
    Plain,
    /// Audio alone in pieces.
    Stream,
}

impl VoiceForm {
    /// All of them with their names in the settings.
    pub const ALL: [(&str, Self); 4] = [
        ("timestamps", Self::Timestamps),
        ("stream_timestamps", Self::StreamTimestamps),
        ("plain", Self::Plain),
        ("stream", Self::Stream),
    ];
}

/// What a voice is told of the lines around its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceContext {
    /// Nothing: a line depends on its own words alone.
    None,
    /// The words of the same speaker before and after, in the same segment. A line that changes makes these two stale too.
    Text,
}

impl VoiceContext {
    /// All of them with their names in the settings.
    pub const ALL: [(&str, Self); 2] = [("none", Self::None), ("text", Self::Text)];
}

/// A program that answers on OpenAI's wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Server {
    /// One of which nothing is known: it is sent what all of them take.
    #[default]
    Other,
    /// OpenAI's own service.
    OpenAi,
    /// Ollama.
    Ollama,
    /// llama.cpp's server.
    LlamaCpp,
    /// vLLM.
    Vllm,
    /// LM Studio.
    LmStudio,
}

impl Server {
    /// All of them with their names in the settings.
    pub const ALL: [(&str, Self); 6] = [
        ("other", Self::Other),
        ("openai", Self::OpenAi),
        ("ollama", Self::Ollama),
        ("llamacpp", Self::LlamaCpp),
        ("vllm", Self::Vllm),
        ("lmstudio", Self::LmStudio),
    ];

    /// The member that limits the tokens of an answer. OpenAI's own models refuse the older name, and Ollama passes over the
    /// newer one.
    pub fn limit(self) -> &'static str {
        match self {
            Self::OpenAi => "max_completion_tokens",
            Self::Other | Self::Ollama | Self::LlamaCpp | Self::Vllm | Self::LmStudio => "max_tokens",
        }
    }

    /// Whether `reasoning_effort` means something to it. vLLM and LM Studio do not document it.
    pub fn takes_effort(self) -> bool {
        match self {
            Self::OpenAi | Self::Ollama | Self::LlamaCpp => true,
            Self::Other | Self::Vllm | Self::LmStudio => false,
        }
    }

    /// Whether a prompt that is too long is cut without a word, where the others refuse it.
    pub fn cuts_prompts(self) -> bool {
        match self {
            Self::Ollama => true,
            Self::Other | Self::OpenAi | Self::LlamaCpp | Self::Vllm | Self::LmStudio => false,
        }
    }
}

/// How spoken answers of OpenAI's wire are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechFormat {
    /// A WAV file, which says its sample rate.
    Wav,
    /// Samples without a container, at a rate that the settings name.
    Pcm,
}

impl SpeechFormat {
    /// Both with their names in the settings.
    pub const ALL: [(&str, Self); 2] = [("wav", Self::Wav), ("pcm", Self::Pcm)];
}

/// The habits that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// What ElevenLabs is asked to bring.
    pub voice_form: VoiceForm,
    /// What a voice of ElevenLabs is told of its neighbours.
    pub voice_context: VoiceContext,
    /// Which program answers on OpenAI's wire.
    pub server: Server,
    /// The tokens of prompt and answer together that this program has room for; `None` where nobody said.
    pub server_context: Option<u64>,
    /// How its spoken answers are written.
    pub speech_format: SpeechFormat,
    /// Samples a second of [`SpeechFormat::Pcm`].
    pub speech_rate: u32,
}
