//! Thoughts that some servers leave in front of an answer, between `<think>` and `</think>`. They are no part of it.

use super::progress::Progress;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// The text behind the thoughts, where there are any.
pub(super) fn without_thoughts(text: &str) -> &str {
    match text.trim_start().strip_prefix(OPEN) {
        Some(thoughts) => thoughts.split_once(CLOSE).map_or("", |(_, text)| text.trim_start()),
        None => text,
    }
}

/// What of an arriving text is shown: thoughts only as such.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    place: Place,
    held: String,
}

#[derive(Debug, Default)]
enum Place {
    /// What has come may be the beginning of a mark.
    #[default]
    Start,
    Within,
    Past,
}

impl Thoughts {
    /// What the next piece of the text shows, if anything.
    pub(super) fn push(&mut self, piece: &str) -> Option<Progress> {
        let text = |text: &str| Some(Progress::Text(text.to_owned())).filter(|_| !text.is_empty());
        if matches!(self.place, Place::Past) {
            return text(piece);
        }
        self.held.push_str(piece);
        if matches!(self.place, Place::Start) {
            let begun = self.held.trim_start();
            if begun.starts_with(OPEN) {
                self.place = Place::Within;
            } else if OPEN.starts_with(begun) {
                return None;
            } else {
                self.place = Place::Past;
                return text(&std::mem::take(&mut self.held));
            }
        }
        let held = std::mem::take(&mut self.held);
        if let Some((_, behind)) = held.split_once(CLOSE) {
            self.place = Place::Past;
            return text(behind.trim_start());
        }
        // Only what may be the beginning of the mark is needed again.
        let from = held.len().saturating_sub(CLOSE.len() - 1);
        let from = (from..=held.len()).find(|at| held.is_char_boundary(*at)).unwrap_or(held.len());
        held.get(from..).unwrap_or_default().clone_into(&mut self.held);
        Some(Progress::Thinking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_in_front_are_no_part_of_the_answer() {
        let table = [
            ("<think>hm</think>\n\n{\"a\":1}", "{\"a\":1}"),
            ("\n<think></think>yes", "yes"),
            ("<think>cut in its thoughts", ""),
            ("no <think>thought</think>", "no <think>thought</think>"),
            ("<thin as paper", "<thin as paper"),
            ("  kept as it is ", "  kept as it is "),
        ];
        for (given, kept) in table {
            assert_eq!(without_thoughts(given), kept, "{given}");
            let shown = |pieces: Vec<&str>| -> String {
                let mut thoughts = Thoughts::default();
                let shown = pieces.into_iter().filter_map(|piece| thoughts.push(piece));
                let texts = shown.map(|step| if let Progress::Text(text) = step { text } else { String::new() });
                texts.collect()
            };
            let cuts = (0..=given.len()).filter(|cut| given.is_char_boundary(*cut));
            for cut in cuts {
                let (before, behind) = given.split_at(cut);
                assert_eq!(shown(vec![before, behind]).trim(), kept.trim(), "{given} cut at {cut}");
            }
            let single = given.char_indices().map(|(at, c)| &given[at..at + c.len_utf8()]);
            assert_eq!(shown(single.collect()).trim(), kept.trim(), "{given}");
        }
    }
}
