//! What an arriving answer shows of itself, for live display only: nothing here decides anything or is kept.
//!
//! The text comes as the model wrote it. Whoever draws it cleans it.

use super::anthropic::{Delta, Fold};
use super::call::{Form, Vendor};
use super::{gemini, openai, perplexity};

/// One step of an answer that is arriving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More text.
    Text(String),
    /// The model is thinking; its thoughts are not shown.
    Thinking,
    /// All tokens produced so far, by the vendor's count; seldom more than once, near the end.
    OutputTokens(u64),
    /// All bytes of the body so far, where the body cannot be read before it is whole.
    Bytes(u64),
}

/// Reads an answer while it arrives.
#[derive(Debug)]
pub struct Watch {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Stream(Box<Fold>),
    Gemini(Box<gemini::Fold>),
    OpenAi(Box<openai::Fold>),
    Perplexity(Box<perplexity::Fold>),
    Sonar(Box<perplexity::SonarFold>),
    Whole(u64),
}

impl Watch {
    /// A watch over an answer of this vendor, written in this form.
    pub fn new(vendor: Vendor, form: Form) -> Self {
        let kind = match (vendor, form) {
            (_, Form::Samples(_) | Form::Wav) => Kind::Whole(0),
            (Vendor::Anthropic, _) => Kind::Stream(Box::default()),
            (Vendor::Gemini, _) => Kind::Gemini(Box::default()),
            (Vendor::OpenAi, _) => Kind::OpenAi(Box::default()),
            (Vendor::Perplexity, Form::Sonar) => Kind::Sonar(Box::default()),
            (Vendor::Perplexity, _) => Kind::Perplexity(Box::default()),
            (Vendor::ElevenLabs, _) => Kind::Whole(0),
        };
        Self { kind }
    }

    /// Takes the next bytes, split in any way. A stream that makes no sense shows nothing; what to make of it is
    /// decided on the whole body.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Progress> {
        match &mut self.kind {
            Kind::Stream(fold) => {
                let mut shown = Vec::new();
                fold.push(bytes, |delta| shown.push(delta.into()));
                shown
            }
            Kind::Gemini(fold) => {
                let mut shown = Vec::new();
                fold.push(bytes, |step| shown.push(step));
                shown
            }
            Kind::OpenAi(fold) => {
                let mut shown = Vec::new();
                fold.push(bytes, |step| shown.push(step));
                shown
            }
            Kind::Perplexity(fold) => {
                let mut shown = Vec::new();
                fold.push(bytes, |step| shown.push(step));
                shown
            }
            Kind::Sonar(fold) => {
                let mut shown = Vec::new();
                fold.push(bytes, |step| shown.push(step));
                shown
            }
            Kind::Whole(size) => {
                *size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                vec![Progress::Bytes(*size)]
            }
        }
    }
}

impl From<Delta> for Progress {
    fn from(delta: Delta) -> Self {
        match delta {
            Delta::Text(text) => Self::Text(text),
            Delta::Thinking => Self::Thinking,
            Delta::Output(tokens) => Self::OutputTokens(tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_tokens_of_a_stream_are_shown_as_they_arrive() {
        let stream = concat!(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n",
            "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
            "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Grüße \"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"an alle\"}}\n\n",
            "data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":9}}\n\n",
        );
        let mut watch = Watch::new(Vendor::Anthropic, Form::Usual);
        let shown: Vec<Progress> = stream.as_bytes().chunks(1).flat_map(|byte| watch.push(byte)).collect();
        let expected = [
            Progress::Thinking,
            Progress::Text("Grüße ".to_owned()),
            Progress::Text("an alle".to_owned()),
            Progress::OutputTokens(9),
        ];
        assert_eq!(shown, expected);
        assert_eq!(watch.push(b"data: nonsense\n\n"), []);
    }

    #[test]
    fn a_body_that_is_read_whole_shows_its_size() {
        let mut watch = Watch::new(Vendor::ElevenLabs, Form::Usual);
        assert_eq!(watch.push(&[0; 10]), [Progress::Bytes(10)]);
        assert_eq!(watch.push(&[0; 5]), [Progress::Bytes(15)]);
    }
}
