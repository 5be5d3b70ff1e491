//! The spellings of a character: as it is, as an escape of JSON however often it was escaped, as it stands in an
//! address, as an entity of HTML, and any of these within another.

/// How many spellings may lie within one another.
const DEPTH: u8 = 3;

/// The longest run of backslashes, and the longest number of an entity, that is read.
const LONGEST_RUN: usize = 16;

/// What a text begins with, read at some depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// A character, and how many bytes it takes.
    Is(u8, usize),
    /// The text ends before it is known.
    Cut,
    /// Nothing that stands in a key.
    Other,
}

/// How far a text goes along with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The whole key stands there, in so many bytes.
    Whole(usize),
    /// The text ends within the key.
    Begun,
    /// The text goes along as far as this byte, and there stands something else.
    Until(usize),
}

/// Whether a byte may begin a spelling that is longer than the byte.
pub(super) fn may_spell(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&')
}

/// How far a text goes along with a needle from its start.
pub(super) fn fit(needle: &[u8], ignores_case: bool, text: &[u8]) -> Fit {
    let mut at = 0;
    for (n, wanted) in needle.iter().enumerate() {
        let mut rest = text.get(at..).unwrap_or_default();
        // Between the bytes of an encoding with wide characters.
        if n > 0
            && let Some(wide) = rest.strip_prefix(&[0])
        {
            (rest, at) = (wide, at + 1);
        }
        match character(*wanted, ignores_case, rest) {
            Some(Some(length)) => at += length,
            Some(None) => return Fit::Begun,
            None => return Fit::Until(at),
        }
    }
    Fit::Whole(at)
}

/// The bytes that this character takes at the start of a text; `Some(None)` where the text ends before that is known.
fn character(wanted: u8, ignores_case: bool, text: &[u8]) -> Option<Option<usize>> {
    let is_wanted = |found: u8| found == wanted || (ignores_case && found.eq_ignore_ascii_case(&wanted));
    let Some(first) = text.first() else { return Some(None) };
    if !may_spell(*first) {
        return is_wanted(*first).then_some(Some(1));
    }
    let mut is_cut = false;
    for depth in (0..=DEPTH).rev() {
        match unit(depth, text) {
            Unit::Is(found, length) if is_wanted(found) => return Some(Some(length)),
            Unit::Cut => is_cut = true,
            Unit::Is(..) | Unit::Other => {}
        }
    }
    is_cut.then_some(None)
}

fn unit(depth: u8, text: &[u8]) -> Unit {
    let Some(first) = text.first() else { return Unit::Cut };
    if depth == 0 || !may_spell(*first) {
        return Unit::Is(*first, 1);
    }
    match unit(depth - 1, text) {
        Unit::Is(b'\\', _) => backslashed(depth - 1, text),
        Unit::Is(b'%', length) => percent(depth - 1, text, length),
        Unit::Is(b'&', length) => entity(depth - 1, text, length),
        unit => unit,
    }
}

/// Behind a run of backslashes: `u` and four digits, `x` and two, or a sign that stands for itself.
fn backslashed(depth: u8, text: &[u8]) -> Unit {
    let mut at = 0;
    for _ in 0..LONGEST_RUN {
        match unit(depth, text.get(at..).unwrap_or_default()) {
            Unit::Is(b'\\', length) => at += length,
            Unit::Is(b'u' | b'U', length) => return digits(depth, text, at + length, 4),
            Unit::Is(b'x' | b'X', length) => return digits(depth, text, at + length, 2),
            Unit::Is(sign, length) if sign.is_ascii_punctuation() => return Unit::Is(sign, at + length),
            Unit::Cut => return Unit::Cut,
            Unit::Is(..) | Unit::Other => return Unit::Is(b'\\', at),
        }
    }
    Unit::Other
}

fn percent(depth: u8, text: &[u8], mut at: usize) -> Unit {
    // A percent sign that was itself escaped, however often.
    for _ in 0..LONGEST_RUN {
        match digits(depth, text, at, 2) {
            Unit::Is(b'%', end) => at = end,
            unit => return unit,
        }
    }
    Unit::Other
}

/// So many hexadecimal digits as one character.
fn digits(depth: u8, text: &[u8], mut at: usize, count: usize) -> Unit {
    let mut code: u32 = 0;
    for _ in 0..count {
        match unit(depth, text.get(at..).unwrap_or_default()) {
            Unit::Is(digit, length) => match char::from(digit).to_digit(16) {
                Some(value) => (code, at) = (code * 16 + value, at + length),
                None => return Unit::Other,
            },
            unit => return unit,
        }
    }
    coded(code, at)
}

fn coded(code: u32, length: usize) -> Unit {
    match u8::try_from(code) {
        Ok(byte) if byte.is_ascii() => Unit::Is(byte, length),
        // The wide form of a visible character.
        _ => match code.checked_sub(0xfee0).map(u8::try_from) {
            Some(Ok(byte)) if byte.is_ascii_graphic() => Unit::Is(byte, length),
            _ => Unit::Other,
        },
    }
}

/// Behind an ampersand: a number, or a name of a sign, up to a semicolon.
fn entity(depth: u8, text: &[u8], mut at: usize) -> Unit {
    let mut name = Vec::new();
    for _ in 0..LONGEST_RUN {
        match unit(depth, text.get(at..).unwrap_or_default()) {
            Unit::Is(b';', length) => {
                let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
                let code = match (name.strip_prefix("#x"), name.strip_prefix('#')) {
                    (Some(hexadecimal), _) => u32::from_str_radix(hexadecimal, 16).ok(),
                    (None, Some(decimal)) => decimal.parse().ok(),
                    (None, None) => SIGNS.iter().find(|(sign, _)| *sign == name).map(|(_, byte)| u32::from(*byte)),
                };
                return code.map_or(Unit::Other, |code| coded(code, at + length));
            }
            Unit::Is(byte, length) if byte.is_ascii_alphanumeric() || byte == b'#' => {
                name.push(byte);
                at += length;
            }
            Unit::Cut => return Unit::Cut,
            Unit::Is(..) | Unit::Other => return Unit::Other,
        }
    }
    Unit::Other
}

/// The signs that have a name in HTML and stand in keys.
const SIGNS: [(&str, u8); 14] = [
    ("amp", b'&'),
    ("apos", b'\''),
    ("colon", b':'),
    ("dollar", b'$'),
    ("equals", b'='),
    ("gt", b'>'),
    ("hyphen", b'-'),
    ("lowbar", b'_'),
    ("lt", b'<'),
    ("num", b'#'),
    ("percnt", b'%'),
    ("plus", b'+'),
    ("quot", b'"'),
    ("sol", b'/'),
];
