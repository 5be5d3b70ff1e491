//! A stand-in between the engine and a provider that spoils whole answers, byte for byte of the same length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is spoilt, and by what: the events of a stream stay, and what they hold is no JSON any more.
const SOUND: &[u8] = b"\"delta\":{";
const SPOILT: &[u8] = b"\"delta\":[";

/// The stand-in, for as long as the test runs.
pub(crate) struct Garbler {
    base: String,
    spoils: Arc<AtomicBool>,
}

impl Garbler {
    /// Stands in front of the servers at `upstream`, such as `http://127.0.0.1:4000`.
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let spoils = Arc::new(AtomicBool::new(false));
        let (upstream, shared) = (upstream.trim_start_matches("http://").to_owned(), Arc::clone(&spoils));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (upstream, shared) = (upstream.clone(), Arc::clone(&shared));
                // A client that goes away is no fault of the test.
                std::thread::spawn(move || _ = pass(stream.unwrap(), &upstream, &shared));
            }
        });
        Self { base, spoils }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn garble(&self, spoils: bool) {
        self.spoils.store(spoils, Ordering::SeqCst);
    }
}

/// Passes one exchange on, and ends the connection with it.
fn pass(stream: TcpStream, upstream: &str, spoils: &AtomicBool) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap_or(0);
        }
        if lower.trim().is_empty() {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut onward = TcpStream::connect(upstream)?;
    onward.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
    onward.write_all(&body)?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer)?;
    if spoils.load(Ordering::SeqCst) {
        let mut at = 0;
        while let Some(place) = answer[at..].windows(SOUND.len()).position(|part| part == SOUND) {
            at += place;
            answer[at..at + SPOILT.len()].copy_from_slice(SPOILT);
        }
    }
    reader.into_inner().write_all(&answer)
}
