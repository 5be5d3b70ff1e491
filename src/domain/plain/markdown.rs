//! The door to Markdown: a reader sees the text letter for letter, and none of it is markup.

use super::line;

/// Schemes that a link may have. A reader of Markdown may make a link of a bare address.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// The text as one line of Markdown: no tag, no link but a bare web address, no picture, no reference, no heading or
/// list. White space is folded.
pub fn markdown(text: &str) -> String {
    let text = line(text);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if out.is_empty() {
            first(word, &mut out);
        } else {
            out.push(' ');
            escaped(word, &mut out);
        }
    }
    out
}

/// The text as paragraphs of Markdown: line breaks stay, of several blank lines one.
pub fn markdown_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for row in text.lines().map(markdown) {
        if row.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(&row);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// The first word of a line: a mark that would begin a heading, a list or a rule gets a backslash.
fn first(word: &str, out: &mut String) {
    let all = |mark: char| word.chars().all(|c| c == mark);
    let number = word.strip_suffix(['.', ')']).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    if ['#', '-', '+', '='].into_iter().any(all) {
        out.push('\\');
        out.push_str(word);
    } else if word.starts_with(':') {
        out.push('\\');
        escaped(word, out);
    } else if let Some(number) = number.filter(|number| !number.is_empty()) {
        out.push_str(number);
        out.push('\\');
        out.push_str(word.get(number.len()..).unwrap_or_default());
    } else {
        escaped(word, out);
    }
}

/// A word without power. A web address in it stays as it is, so that it can be copied.
fn escaped(word: &str, out: &mut String) {
    let mut rest = word;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        if before.is_none_or(|b| !b.is_alphanumeric())
            && let Some(length) = address(rest)
        {
            let (address, after) = rest.split_at(length);
            out.push_str(address);
            before = address.chars().next_back();
            rest = after;
            if let Some(after) = rest.strip_prefix(';') {
                // Behind an `&` in the address it would end an entity.
                out.push_str("\\;");
                before = Some(';');
                rest = after;
            }
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        let next = rest.chars().next();
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' if is_entity(rest) => out.push_str("&amp;"),
            '\\' | '`' | '*' | '[' | ']' | '{' | '}' | '|' | '~' | '$' => out.extend(['\\', c]),
            '_' if !(before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)) => {
                out.push_str("\\_");
            }
            ':' if next.is_some() && has_scheme(word, rest) => out.push_str("\\:"),
            c => out.push(c),
        }
        before = Some(c);
    }
}

/// Whether what follows an ampersand makes an entity of it.
fn is_entity(rest: &str) -> bool {
    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#').starts_with(';') && !rest.starts_with(';')
}

/// Whether what stands before the colon in front of this rest of a word is a scheme that no link may have.
fn has_scheme(word: &str, rest: &str) -> bool {
    let before = word.get(..word.len() - rest.len()).unwrap_or_default().trim_end_matches(':');
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    let scheme = before.rsplit(|c| !in_scheme(c)).next().unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    is_scheme && !SCHEMES.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
}

/// How many bytes of a text are a web address of characters that mean nothing in Markdown.
fn address(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let bytes = text.as_bytes();
    let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_plain = |(at, b): (usize, &u8)| match b {
        b'_' => at > 0 && alphanumeric(at - 1) && alphanumeric(at + 1),
        b'-' | b'.' | b':' | b'/' | b'?' | b'#' | b'@' | b'&' | b'\'' | b'+' | b',' | b'=' | b'%' | b'$' => true,
        b => b.is_ascii_alphanumeric(),
    };
    let length = bytes.iter().enumerate().take_while(|found| is_plain(*found)).count();
    (length > scheme.len()).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// What a reader sees of a document, and what of it is more than words.
    fn read(document: &str) -> (String, Vec<String>) {
        let mut seen = String::new();
        let mut power = Vec::new();
        // What only raises letters or bends quotes is no power.
        let mere_looks = Options::ENABLE_SMART_PUNCTUATION | Options::ENABLE_SUPERSCRIPT | Options::ENABLE_SUBSCRIPT;
        let dialects = Options::all() - mere_looks;
        for event in Parser::new_ext(document, dialects) {
            match event {
                Event::Text(text) => seen.push_str(&text),
                Event::SoftBreak | Event::HardBreak => seen.push(' '),
                Event::Start(Tag::Paragraph) | Event::End(_) => seen.push(' '),
                other => power.push(format!("{other:?}")),
            }
        }
        (seen, power)
    }

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    /// What sources and models have been seen to write, and what they might.
    const ATTACKS: [&str; 27] = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://e.org/pixel.png)",
        "<javascript:alert(1)>",
        "<https://e.org/>",
        "[a]: javascript:alert(1)",
        "[a]",
        "[^1]: note",
        "&lt;b&gt; &#106;avascript &copy; &amp;lt;",
        "`code` ``` fence",
        "# heading",
        "1. item",
        "2) item",
        "- item",
        "+ item",
        "---",
        "***bold*** _it_ __b__ ~~s~~",
        "a | b",
        "https://e.org/a_b/_c_?x=1&lt;script&gt;&y=2#z",
        "see (https://e.org/*star*) and HTTP://E.org",
        "javascript:alert(1) DATA:text/html,x vbscript:x mailto:a@e.org",
        "a\\<b> \\[x\\](javascript:y)",
        "===",
        ": definition",
        "title {#id onclick=alert(1)}",
        "$\\href{javascript:alert(1)}{x}$",
    ];

    #[test]
    fn a_reader_sees_what_was_written_and_no_markup() {
        for attack in ATTACKS {
            let told = markdown(attack);
            let (seen, power) = read(&told);
            assert_eq!((words(&seen), power), (words(attack), vec![]), "{told}");
            let low = told.to_lowercase();
            assert!(!told.contains('<') && !low.contains("javascript:") && !low.contains("data:"), "{told}");
        }
        let all = ATTACKS.join("\n");
        let (seen, power) = read(&markdown_lines(&all));
        assert_eq!((words(&seen), power), (words(&all), vec![]));
    }

    #[test]
    fn plain_words_and_addresses_stay_as_they_are() {
        for text in ["It opened in 1966: 240 MW, R&D, snake_case.", "https://e.org/a_b?x=1&y=2#z", "10:30, \"so\" (1)!"]
        {
            assert_eq!(markdown(text), text);
        }
        assert_eq!(markdown_lines("One\r\n\r\n\r\n two\n"), "One\n\ntwo");
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_words(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(ATTACKS.to_vec()).prop_map(str::to_owned),
                "[ -~\n]{0,12}", "\\PC{0,6}", any::<String>(),
                prop::sample::select(vec!["<", ">", "](", "[", "&", ";", "\n", "\n\n", "    ", "https://", ":", "_", "*", "\\"]).prop_map(str::to_owned),
            ], 0..8),
        ) {
            let text = parts.concat();
            for document in [markdown(&text), markdown_lines(&text)] {
                let (seen, power) = read(&document);
                prop_assert_eq!(power, Vec::<String>::new(), "{:?}", document);
                prop_assert!(!document.contains('<'));
                let line = line(&text);
                prop_assert_eq!(words(&seen), words(&line), "{:?}", document);
            }
            let (_, power) = read(&format!("# T\n\n- {}\n\n> {}\n", markdown(&text), markdown(&text)));
            let is_ours = |name: &String| ["Heading", "List", "Item", "BlockQuote"].iter().any(|ours| name.contains(ours));
            prop_assert!(power.iter().all(is_ours), "{:?}", power);
        }
    }
}
