//! An incremental reader of server-sent events that gives the same events however the bytes were split.
//!
//! It follows the WHATWG rules for `event` and `data`; `id` and `retry` are for reconnecting, which a paid call never
//! does, and are ignored. Not for what the events mean.

/// The most bytes of one event, its field names included.
pub const LONGEST_EVENT: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's name; empty where none was given.
    pub name: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// An event grew over the limit. Nothing more is read from this stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// The reader. An event that the stream's end cuts off is never given.
#[derive(Clone, Debug)]
pub struct Reader {
    limit: usize,
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    size: usize,
    after_cr: bool,
    first_line: bool,
    failed: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(LONGEST_EVENT)
    }
}

impl Reader {
    /// A reader with a limit for one event in bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            size: 0,
            after_cr: false,
            first_line: true,
            failed: false,
        }
    }

    /// Takes the next bytes and gives the events that they complete.
    ///
    /// # Errors
    ///
    /// When an event is over the limit, then and for every later call. Events before it have been given to `each`.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Event)) -> Result<(), TooLong> {
        if self.failed {
            return Err(TooLong(self.limit));
        }
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let end = bytes.iter().position(|b| matches!(b, b'\r' | b'\n'));
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            self.size = self.size.saturating_add(part.len());
            if self.size > self.limit {
                self.failed = true;
                self.line = Vec::new();
                self.event = Event::default();
                return Err(TooLong(self.limit));
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { return Ok(()) };
            self.after_cr = bytes.get(end) == Some(&b'\r');
            bytes = bytes.get(end + 1..).unwrap_or_default();
            if let Some(event) = self.end_of_line() {
                each(event);
            }
        }
        Ok(())
    }

    fn end_of_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        // A line break is never inside a character, so a character that was cut in two is whole again here.
        let text = String::from_utf8_lossy(&line);
        let text = match std::mem::take(&mut self.first_line) {
            true => text.strip_prefix('\u{feff}').unwrap_or(&text),
            false => &text,
        };
        if text.is_empty() {
            self.size = 0;
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // A comment has an empty field name.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(parts: &[&[u8]]) -> Vec<(String, String)> {
        let mut reader = Reader::default();
        let mut events = Vec::new();
        for part in parts {
            reader.push(part, |event| events.push((event.name, event.data))).unwrap();
        }
        events
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let table: [(&str, &[(&str, &str)]); 12] = [
            ("event: a\ndata: 1\n\n", &[("a", "1")]),
            ("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", &[("a", "1"), ("", "2")]),
            ("data: 1\r\rdata: 2\r\r", &[("", "1"), ("", "2")]),
            ("data: 1\ndata: 2\ndata:3\n\n", &[("", "1\n2\n3")]),
            ("data:  two spaces\n\n", &[("", " two spaces")]),
            ("\u{feff}data: after a mark\n\n", &[("", "after a mark")]),
            (": a comment\n\ndata: x\n:another\n\n", &[("", "x")]),
            ("event: lost\n\ndata: x\n\n", &[("", "x")]),
            ("data\n\n", &[("", "")]),
            ("id: 1\nretry: 5\nunknown\ndata: x\n\n", &[("", "x")]),
            ("data: cut", &[]),
            ("data: no blank line\n", &[]),
        ];
        for (stream, expected) in table {
            assert_eq!(read(&[stream.as_bytes()]), pairs(expected), "{stream:?}");
        }
    }

    #[test]
    fn an_event_over_the_limit_ends_the_reading() {
        let mut reader = Reader::new(20);
        let mut seen = 0;
        reader.push(b"data: 0123456789\n\ndata: 0123456789\n\n", |_| seen += 1).unwrap();
        assert_eq!(seen, 2, "the limit is for one event, not for the stream");
        assert_eq!(reader.push(b"data: 0123456789\ndata: 0", |_| seen += 1), Ok(()).and(Err(TooLong(20))));
        assert_eq!(reader.push(b"\n\ndata: 1\n\n", |_| seen += 1), Err(TooLong(20)));
        assert_eq!(seen, 2);
        let mut endless = Reader::new(1_000);
        assert!(
            (0..100).any(|_| endless.push(&[b'x'; 100], |_| ()).is_err()),
            "a line without an end is held in bounds"
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            lines in proptest::collection::vec("(event: [a-c]|data:( )?[a-zäß€😀:]{0,6}|:[a-z]|data|\u{feff}|)(\n|\r|\r\n)", 0..24),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let stream = lines.concat().into_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            at.extend([0, stream.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
            let whole = read(&[&stream]);
            prop_assert_eq!(&read(&parts), &whole);
            prop_assert_eq!(&read(&bytewise), &whole);
        }

        #[test]
        fn any_bytes_are_survived(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..16)) {
            let mut reader = Reader::new(256);
            for part in &parts {
                let _ = reader.push(part, |_| ());
            }
        }
    }
}
