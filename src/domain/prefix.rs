//! Whether the beginning of an answer can still become a JSON document that its schema admits.
//!
//! It reads text piece by piece as it streams and says so once it is beyond repair: no JSON at all, another kind of value than
//! the schema has there, a key that a closed object does not know, a word that no list begins with, text after the end. It
//! is careful: what it does not understand of a schema admits everything, and what is missing is never held against a document
//! that is not over. It accepts nothing: a document that ends without a word from here is held to its contract as any other.

mod shape;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::shape::{Kind, Shapes};

/// The deepest nesting that serde_json reads.
const DEEPEST: usize = 128;

/// A document that is arriving.
#[derive(Debug)]
pub struct Prefix {
    shapes: Shapes,
    open: Vec<Open>,
    mode: Mode,
    /// What the value that is due may be.
    due: Vec<usize>,
    broken: Option<String>,
}

/// A container that is not closed yet.
#[derive(Debug)]
enum Open {
    /// An object: what it may be, and the key that was read last.
    Object { may: Vec<usize>, key: String },
    /// A list: what its items may be, and how many there were.
    List { items: Vec<usize>, count: usize },
}

#[derive(Debug)]
enum Mode {
    /// A value is due; of a list that has just begun, its end may come instead.
    Value {
        or_end: bool,
    },
    /// A key is due; of an object that has just begun, its end may come instead.
    Key {
        or_end: bool,
    },
    /// Within a key, as it is written.
    InKey(Text),
    /// The colon behind a key.
    Colon,
    /// Within a text; where it must be one of several words, as it is written, with what it may be.
    InText(Text, Option<Vec<usize>>),
    Number(Number),
    /// The rest of `true`, `false` or `null`.
    Word(&'static str),
    /// Behind a value within a container.
    After,
    /// Behind the whole document.
    End,
    /// Not looked at any more: a model that writes its thoughts first has not begun its document yet.
    Off,
}

/// A text as it is written, without its quotes. Where nobody asks for its words, only its escapes are followed.
#[derive(Debug, Default)]
struct Text {
    raw: String,
    escape: Escape,
}

#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    None,
    Begun,
    Digits(u8),
}

/// How far a number is.
#[derive(Clone, Copy, Debug)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Prefix {
    /// A document that a schema asks for.
    pub fn new(schema: &Value) -> Self {
        let (shapes, due) = Shapes::of(schema);
        Self { shapes, open: Vec::new(), mode: Mode::Value { or_end: false }, due, broken: None }
    }

    /// Takes the next piece of the text.
    ///
    /// # Errors
    ///
    /// When no continuation can be admitted any more: why, in words for whoever wrote it, from then on.
    pub fn push(&mut self, text: &str) -> Result<(), String> {
        for c in text.chars() {
            if let Some(broken) = &self.broken {
                return Err(broken.clone());
            }
            if let Err(what) = self.step(c) {
                let at = self.place();
                self.broken = Some(if at.is_empty() { what.to_owned() } else { format!("{at}: {what}") });
            }
        }
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Where the document is, as a JSON pointer.
    fn place(&self) -> String {
        let step = |open: &Open| match open {
            Open::Object { key, .. } => format!("/{key}"),
            Open::List { count, .. } => format!("/{count}"),
        };
        self.open.iter().map(step).collect()
    }

    fn step(&mut self, c: char) -> Result<(), &'static str> {
        let is_space = matches!(c, ' ' | '\n' | '\r' | '\t');
        match std::mem::replace(&mut self.mode, Mode::After) {
            Mode::Off => self.mode = Mode::Off,
            Mode::End if is_space => self.mode = Mode::End,
            Mode::End => return Err("text stands behind the end of the JSON; answer with the JSON object alone"),
            Mode::Value { or_end } if is_space => self.mode = Mode::Value { or_end },
            Mode::Value { or_end: true } if c == ']' => self.closed(),
            Mode::Value { .. } => return self.value(c),
            Mode::Key { or_end } if is_space => self.mode = Mode::Key { or_end },
            Mode::Key { or_end: true } if c == '}' => self.closed(),
            Mode::Key { .. } if c == '"' => self.mode = Mode::InKey(Text::default()),
            Mode::Key { .. } => return Err("a key in quotes must stand here"),
            Mode::InKey(mut text) => match text.step(c)? {
                true => return self.keyed(&text),
                false => {
                    text.keep(c);
                    self.mode = Mode::InKey(text);
                }
            },
            Mode::Colon if is_space => self.mode = Mode::Colon,
            Mode::Colon if c == ':' => self.mode = Mode::Value { or_end: false },
            Mode::Colon => return Err("a colon must stand behind a key"),
            Mode::InText(mut text, words) => {
                let is_over = text.step(c)?;
                if let Some(may) = &words {
                    if !is_over {
                        text.keep(c);
                    }
                    if !self.shapes.admit_word(may, &text.raw, is_over) {
                        return Err("this value is none of those that are listed in the schema");
                    }
                }
                if is_over { self.ended() } else { self.mode = Mode::InText(text, words) }
            }
            Mode::Number(number) => return self.number(number, c),
            Mode::Word(rest) => match rest.strip_prefix(c) {
                Some("") => self.ended(),
                Some(rest) => self.mode = Mode::Word(rest),
                None => return Err("this is no JSON value"),
            },
            Mode::After if is_space => {}
            Mode::After => return self.after(c),
        }
        Ok(())
    }

    fn value(&mut self, c: char) -> Result<(), &'static str> {
        let is_first = self.open.is_empty();
        let (kind, mode) = match c {
            '{' => (Kind::Object, Mode::Key { or_end: true }),
            '[' => (Kind::List, Mode::Value { or_end: true }),
            '"' => (Kind::Text, Mode::InText(Text::default(), None)),
            't' => (Kind::Switch, Mode::Word("rue")),
            'f' => (Kind::Switch, Mode::Word("alse")),
            'n' => (Kind::Null, Mode::Word("ull")),
            '-' => (Kind::Number, Mode::Number(Number::Minus)),
            '0' => (Kind::Number, Mode::Number(Number::Zero)),
            '1'..='9' => (Kind::Number, Mode::Number(Number::Whole)),
            '<' if is_first => {
                self.mode = Mode::Off;
                return Ok(());
            }
            '`' if is_first => {
                return Err("the answer stands in a code fence; answer with the JSON object alone, without a fence");
            }
            _ if is_first => return Err("text stands before the JSON; answer with the JSON object alone"),
            _ => return Err("this is no JSON value"),
        };
        let may = self.shapes.of_kind(&self.due, kind);
        if may.is_empty() {
            return Err("the schema has another kind of value here");
        }
        self.mode = mode;
        match kind {
            Kind::Object => self.open.push(Open::Object { may, key: String::new() }),
            Kind::List => {
                self.due = self.shapes.items(&may);
                self.open.push(Open::List { items: self.due.clone(), count: 0 });
            }
            Kind::Text if self.shapes.are_words(&may) => self.mode = Mode::InText(Text::default(), Some(may)),
            Kind::Text | Kind::Switch | Kind::Null | Kind::Number => {}
        }
        if self.open.len() > DEEPEST { Err("the JSON is nested too deeply") } else { Ok(()) }
    }

    fn keyed(&mut self, text: &Text) -> Result<(), &'static str> {
        let read = text.read().ok_or("this key is no text")?;
        if let Some(Open::Object { may, key }) = self.open.last_mut() {
            self.due = self.shapes.under(may, &read);
            *key = read;
            if self.due.is_empty() {
                return Err("the schema does not know this key");
            }
        }
        self.mode = Mode::Colon;
        Ok(())
    }

    fn number(&mut self, number: Number, c: char) -> Result<(), &'static str> {
        use Number::{Exponent, Fraction, Minus, Point, Power, Sign, Whole, Zero};
        let next = match (number, c) {
            (Minus, '0') => Zero,
            (Minus, '1'..='9') | (Whole, '0'..='9') => Whole,
            (Zero | Whole, '.') => Point,
            (Point | Fraction, '0'..='9') => Fraction,
            (Zero | Whole | Fraction, 'e' | 'E') => Exponent,
            (Exponent, '+' | '-') => Sign,
            (Exponent | Sign | Power, '0'..='9') => Power,
            (Zero | Whole | Fraction | Power, _) => {
                self.ended();
                return self.step(c);
            }
            (Minus | Point | Exponent | Sign, _) => return Err("this is no number"),
        };
        self.mode = Mode::Number(next);
        Ok(())
    }

    fn after(&mut self, c: char) -> Result<(), &'static str> {
        match (c, self.open.last_mut()) {
            (',', Some(Open::Object { .. })) => self.mode = Mode::Key { or_end: false },
            (',', Some(Open::List { items, count })) => {
                *count += 1;
                self.due.clone_from(items);
                self.mode = Mode::Value { or_end: false };
            }
            ('}', Some(Open::Object { .. })) | (']', Some(Open::List { .. })) => self.closed(),
            (_, Some(_)) => return Err("a comma or an end must stand here"),
            (_, None) => return Err("text stands behind the end of the JSON; answer with the JSON object alone"),
        }
        Ok(())
    }

    /// The innermost container is over.
    fn closed(&mut self) {
        self.open.pop();
        self.ended();
    }

    /// A value is over.
    fn ended(&mut self) {
        self.mode = if self.open.is_empty() { Mode::End } else { Mode::After };
    }
}

impl Text {
    /// Follows one character; whether it ends the text.
    fn step(&mut self, c: char) -> Result<bool, &'static str> {
        self.escape = match (self.escape, c) {
            (Escape::None, '"') => return Ok(true),
            (Escape::None, '\\') => Escape::Begun,
            (Escape::None, c) if (c as u32) < 0x20 => return Err("a control character stands in a text"),
            (Escape::Begun, 'u') => Escape::Digits(4),
            (Escape::Begun, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Escape::None,
            (Escape::Digits(left), c) if c.is_ascii_hexdigit() && left > 1 => Escape::Digits(left - 1),
            (Escape::Digits(_), c) if c.is_ascii_hexdigit() => Escape::None,
            (Escape::None, _) => Escape::None,
            (Escape::Begun | Escape::Digits(_), _) => return Err("an escape in a text is none"),
        };
        Ok(false)
    }

    fn keep(&mut self, c: char) {
        self.raw.push(c);
    }

    /// The text that is meant; `None` where it is none.
    fn read(&self) -> Option<String> {
        shape::read(&self.raw)
    }
}
