//! A small server on loopback that answers as a test says, and notes what it was asked. It is a proxy too, for whoever takes it
//! for one. It ends with the process.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A request as far as a test looks at it.
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path with the query; that of the target where it was asked as a proxy.
    pub(crate) path: String,
    pub(crate) head: String,
}

impl Asked {
    /// The value of a header; nothing where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

pub(crate) struct Server {
    pub(crate) base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one; the answer is a status line without its protocol, headers, an empty line and a body.
    pub(crate) fn start(mut answer: impl FnMut(&Asked) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        #[expect(clippy::disallowed_methods, reason = "a server of a test, which ends with the process")]
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut seen = Vec::new();
                let mut buffer = [0; 16_384];
                let request = loop {
                    let text = String::from_utf8_lossy(&seen).into_owned();
                    if let Some((head, body)) = text.split_once("\r\n\r\n") {
                        let length = head
                            .to_lowercase()
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                        if body.len() >= length.unwrap_or(0) {
                            break Some(head.to_owned());
                        }
                    }
                    match stream.read(&mut buffer) {
                        Ok(read) if read > 0 => seen.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                        _ => break None,
                    }
                };
                let Some(head) = request else { continue };
                let mut words = head.split(' ');
                let method = words.next().unwrap_or_default().to_owned();
                let target = words.next().unwrap_or_default();
                let after =
                    target.split_once("://").and_then(|(_, rest)| rest.split_once('/').map(|(_, p)| format!("/{p}")));
                let path = after.unwrap_or_else(|| target.to_owned());
                noted.lock().expect("a lock").push(format!("{method} {target}"));
                let told = answer(&Asked { method, path, head });
                let (head, body) = told.split_once("\r\n\r\n").unwrap_or((&told, ""));
                let length = if head.contains("transfer-encoding") {
                    String::new()
                } else {
                    format!("content-length: {}\r\n", body.len())
                };
                // Who asked may have gone.
                drop(stream.write_all(format!("HTTP/1.1 {head}\r\n{length}\r\n{body}").as_bytes()));
            }
        });
        Self { base, asked }
    }

    /// One that answers a path with JSON, and every other with 404.
    pub(crate) fn of(answers: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |asked| {
            let found = answers.iter().find(|(path, _)| asked.path.split('?').next() == Some(path));
            let (status, body) =
                found.map_or(("404 Not Found", "{\"detail\":\"Not Found\"}"), |(_, body)| match body.split_once('|') {
                    Some((status, body)) => (status, body),
                    None => ("200 OK", *body),
                });
            format!("{status}\r\ncontent-type: application/json\r\n\r\n{body}")
        })
    }

    /// What it was asked so far: method and target.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a lock").clone()
    }
}
