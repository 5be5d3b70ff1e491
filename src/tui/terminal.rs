//! The terminal: taken over at the start and given back at the end, by a guard and by the panic hook.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::options::TuiError;

/// Whether the terminal is taken over, so that it is given back once and only by who has taken it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The hook is set once in a process.
static HOOK: Once = Once::new();

/// The terminal while it is taken over; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) terminal: Terminal<CrosstermBackend<io::Stdout>>,
}

impl Guard {
    /// Takes the terminal over: raw mode, the alternate screen, pasted text told apart from typed text.
    pub(crate) fn take() -> Result<Self, TuiError> {
        if !io::stdout().is_terminal() {
            return Err(TuiError::NoTerminal);
        }
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // From here on the guard gives back what was taken, also where a step fails.
        let guard = Self { terminal: Terminal::new(CrosstermBackend::new(io::stdout()))? };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        Ok(guard)
    }

    /// Rings the bell.
    pub(crate) fn bell(&mut self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(b"\x07")?;
        out.flush()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was; nothing more can be done where that fails.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = queue!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}
