//! A terminal with a person in front of it: a pseudo-terminal that runs the program, a screen that is read, keys that are
//! pressed.
//!
//! Not for what is looked for on the screen. Every wait ends when the screen shows what is waited for; one that fails says
//! which screen it saw.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{Callbacks, Color, Parser, Screen};

/// How long is waited at most for something on the screen or for the end of the program.
const LIMIT: Duration = Duration::from_secs(90);

/// How long what was written last may be under way.
const LAST: Duration = Duration::from_secs(5);

/// What stands on the screen before the program is started.
const PROMPT: &str = "$ greenroom";

/// What the parser tells beside the screen.
#[derive(Debug, Default)]
struct Listener {
    bells: u32,
    /// Between the beginning and the end of a synchronised update a terminal shows the frame before.
    is_drawing: bool,
    shown: String,
}

fn text(screen: &Screen) -> String {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).collect::<Vec<_>>().join("\n")
}

impl Callbacks for Listener {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.bells += 1;
    }

    fn unhandled_csi(&mut self, screen: &mut Screen, i1: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        if i1 == Some(b'?') && params == [[2026].as_slice()] {
            self.is_drawing = c == 'h';
            self.shown = text(screen);
        }
    }
}

struct Display {
    parser: Parser<Listener>,
    written: Vec<u8>,
    /// How the program ended.
    ended: Option<ExitStatus>,
}

impl Display {
    fn shown(&self) -> String {
        let listener = self.parser.callbacks();
        if listener.is_drawing { listener.shown.clone() } else { text(self.parser.screen()) }
    }
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<Display>, Condvar)>);

impl Shared {
    fn look<T>(&self, what: impl FnOnce(&Display) -> T) -> T {
        what(&self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, what: impl FnOnce(&mut Display)) {
        what(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// Takes in what the program writes, until its terminal is closed.
    fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = [0; 16_384];
        // The end of a terminal is told as an error.
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            self.change(|display| {
                display.parser.process(&buffer[..read]);
                display.written.extend_from_slice(&buffer[..read]);
            });
        }
    }

    /// Waits until this is so, or the time is over.
    fn wait(&self, limit: Duration, is_so: impl Fn(&Display) -> bool) {
        let display = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_timeout_while(display, limit, |display| !is_so(display)));
    }
}

/// The program in its terminal.
pub(crate) struct Terminal {
    keys: Box<dyn Write + Send>,
    shared: Shared,
    pid: Pid,
    /// How the line discipline was set before the program came.
    before: String,
    master: Box<dyn MasterPty + Send>,
    /// Held, so that the terminal outlives the program as a person's does.
    _slave: Box<dyn SlavePty + Send>,
}

/// The size and the environment of a terminal.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) environment: &'static [(&'static str, &'static str)],
}

/// A usual terminal.
pub(crate) const USUAL: &[(&str, &str)] = &[("LANG", "C.UTF-8"), ("COLORTERM", "truecolor")];

impl Terminal {
    /// Starts the program with these arguments; `home` holds its data and its settings.
    pub(crate) fn start(kind: Kind, home: &Path, arguments: &[&str]) -> Self {
        let Kind { columns, rows, environment } = kind;
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        let size = |n| NonZeroU16::new(n).unwrap();
        let mut parser = Parser::new_with_callbacks(size(rows), size(columns), 0, Listener::default());
        parser.process(format!("{PROMPT}\r\n").as_bytes());
        let display = Display { parser, written: Vec::new(), ended: None };
        let shared = Shared(Arc::new((Mutex::new(display), Condvar::new())));
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_greenroom"));
        command.env_clear();
        command.env("HOME", home);
        command.env("USER", "ada");
        command.env("PATH", home.join("bin"));
        command.env("TERM", "xterm-256color");
        command.env("GREENROOM_DATA_DIR", home.join("data"));
        command.env("GREENROOM_CONFIG_DIR", home.join("config"));
        for (name, value) in environment {
            command.env(name, value);
        }
        command.args(arguments);
        command.cwd(home);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let pid = child.process_id().and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap())).unwrap();
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let told = shared.clone();
        named("child")
            .spawn(move || {
                let ended = child.wait().unwrap();
                told.change(|display| display.ended = Some(ended));
            })
            .unwrap();
        let reader = pair.master.try_clone_reader().unwrap();
        let taken = shared.clone();
        named("terminal").spawn(move || taken.read(reader)).unwrap();
        let keys = pair.master.take_writer().unwrap();
        Self { keys, shared, pid, before, master: pair.master, _slave: pair.slave }
    }

    /// What stands on the screen now.
    pub(crate) fn screen(&self) -> String {
        self.shared.look(Display::shown)
    }

    /// Everything that the program has written.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.shared.look(|display| display.written.clone())
    }

    /// How often the bell has rung.
    pub(crate) fn bells(&self) -> u32 {
        self.shared.look(|display| display.parser.callbacks().bells)
    }

    /// Whether a cell of the screen has a colour of its own.
    pub(crate) fn has_colour(&self) -> bool {
        self.shared.look(|display| {
            let screen = display.parser.screen();
            let (rows, columns) = screen.size();
            let mut cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
            cells.any(|(row, column)| {
                let cell = screen.cell(row, column).unwrap();
                cell.fgcolor() != Color::Default || cell.bgcolor() != Color::Default
            })
        })
    }

    /// Waits until the screen is as wanted, and gives it.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        self.shared.wait(LIMIT, |display| display.ended.is_some() || is_so(&display.shown()));
        // What was written last may still be under way when the program has ended.
        self.shared.wait(LAST, |display| display.ended.is_none() || is_so(&display.shown()));
        let (shown, ended) = self.shared.look(|display| (display.shown(), display.ended.clone()));
        assert!(is_so(&shown), "waited in vain for {what}; the program's end: {ended:?}. The screen is\n{shown}");
        shown
    }

    /// Waits until the screen holds this text, and gives the screen.
    pub(crate) fn sees(&self, wanted: &str) -> String {
        self.until(&format!("`{wanted}`"), |screen| screen.contains(wanted))
    }

    /// Waits until the screen holds this text no more, and gives the screen.
    pub(crate) fn sees_no_more(&self, unwanted: &str) -> String {
        self.until(&format!("the end of `{unwanted}`"), |screen| !screen.contains(unwanted))
    }

    /// Presses keys one after the other: characters stand for themselves, `<Enter>`, `<Esc>` and `<C-c>` for those keys. What
    /// follows a key that changes the screen is pressed after a look at it, as a person does.
    pub(crate) fn press(&mut self, spelling: &str) {
        let mut rest = spelling;
        while let Some(c) = rest.chars().next() {
            let named =
                [("<Enter>", "\r"), ("<Esc>", "\u{1b}"), ("<C-c>", "\u{3}"), ("<C-u>", "\u{15}"), ("<C-f>", "\u{6}")];
            let found = named.iter().find_map(|(name, bytes)| Some((*bytes, rest.strip_prefix(name)?)));
            let mut own = [0; 4];
            let (bytes, after) = found.unwrap_or_else(|| (&*c.encode_utf8(&mut own), &rest[c.len_utf8()..]));
            self.keys.write_all(bytes.as_bytes()).unwrap();
            self.keys.flush().unwrap();
            rest = after;
        }
    }

    /// Reads the box with this title, waits until keys count, and answers with `y`.
    pub(crate) fn confirm(&mut self, title: &str) {
        // The last row names the key once the fields are behind; the hint goes when y counts.
        let is_armed = |screen: &str| {
            let is_at_answer = screen.lines().last().is_some_and(|keys| keys.contains(" y "));
            screen.contains(title) && is_at_answer && !screen.contains("then press y.")
        };
        self.until(&format!("the box `{title}`, armed"), is_armed);
        self.press("y");
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for the end of the program.
    pub(crate) fn end(&self) -> ExitStatus {
        self.shared.wait(LIMIT, |display| display.ended.is_some());
        let ended = self.shared.look(|display| display.ended.clone());
        ended.unwrap_or_else(|| panic!("the program has not ended. The screen is\n{}", self.screen()))
    }

    /// Kills the program so that it can do nothing more.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        assert_eq!(self.end().signal(), Some("Killed"));
    }

    /// Whether keys come to the program one by one and unseen.
    pub(crate) fn is_raw(&self) -> bool {
        let flags = self.master.get_termios().unwrap().local_flags;
        let set = format!("{flags:?}");
        !set.contains("ICANON") && !set.contains("ECHO ")
    }

    /// Waits for an orderly end and looks whether the terminal is as it was before the program came.
    pub(crate) fn given_back(self) {
        let status = self.end();
        let screen = self.until("the screen of before", |screen| screen.contains(PROMPT));
        assert_eq!((status.signal(), status.exit_code()), (None, 0), "{screen}");
        self.shared.look(|display| {
            let seen = display.parser.screen();
            assert!(!seen.alternate_screen(), "the alternate screen is left");
            assert!(!seen.hide_cursor(), "the cursor is shown");
            assert!(!seen.bracketed_paste(), "pasted text comes as it is");
            assert_eq!((seen.fgcolor(), seen.bgcolor()), (Color::Default, Color::Default));
            assert!(!seen.bold() && !seen.inverse() && !seen.underline() && !seen.dim(), "text is plain");
            assert!(!display.parser.callbacks().is_drawing, "what is written is shown");
        });
        assert_eq!(modes(&*self.master), self.before, "the line discipline is as it was");
        assert!(screen.starts_with(PROMPT), "what stood there stands there\n{screen}");
    }
}

impl Drop for Terminal {
    /// A test that failed leaves no program behind.
    fn drop(&mut self) {
        if self.shared.look(|display| display.ended.is_none()) {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// The settings of the line discipline, as text.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}
