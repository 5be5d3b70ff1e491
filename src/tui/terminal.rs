//! The terminal: taken over at the start and given back at the end, by a guard and by the panic hook.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend};

use super::options::TuiError;

/// Whether the terminal is taken over, so that it is given back once and only by who has taken it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How many sets of keyboard flags lie above those that the terminal had.
static FLAGS: AtomicU8 = AtomicU8::new(0);

/// The hook is set once in a process.
static HOOK: Once = Once::new();

/// What a terminal that knows the kitty keyboard protocol is asked for; another one ignores it. Held keys are told apart from
/// pressed ones, and Esc from Alt.
const TOLD_APART: KeyboardEnhancementFlags =
    KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES.union(KeyboardEnhancementFlags::REPORT_EVENT_TYPES);

/// The same for keys that are text too. Only while no text is typed: what an input method composes is not told so.
const ALL_KEYS: KeyboardEnhancementFlags = TOLD_APART
    .union(KeyboardEnhancementFlags::REPORT_ALL_KEYS_AS_ESCAPE_CODES)
    .union(KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS);

tokio::task_local! {
    /// Set while the console's own driver runs: a panic there is the end of the console.
    static DRIVING: ();
}

/// Runs the console's driver, so that a panic in it is known for its own.
pub(crate) async fn driving<T>(driver: impl Future<Output = T>) -> T {
    DRIVING.scope((), driver).await
}

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
                let is_taken = TAKEN.load(Ordering::SeqCst);
                if is_taken && DRIVING.try_with(|()| ()).is_err() {
                    // Another task of this process fails, and says so in its outcome. The console goes on.
                    tracing::error!(%panic, "a task has panicked");
                    return;
                }
                give_back();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        // From here on the guard gives back what was taken, also where a step fails.
        let mut guard = Self { terminal };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        push(TOLD_APART)?;
        // A console that was killed has left its last frame on the alternate screen.
        guard.clear()?;
        Ok(guard)
    }

    /// Has every key told apart from its repeats, or only those that are not text.
    pub(crate) fn tell_all_keys(&mut self, all: bool) -> io::Result<()> {
        let are_told = FLAGS.load(Ordering::SeqCst) > 1;
        match (all, are_told) {
            (true, false) => push(ALL_KEYS),
            (false, true) => pop(),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// Clears the screen, so that the next frame is drawn whole. The terminal is asked nothing: not every one answers.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().clear_region(ClearType::All)?;
        self.terminal.swap_buffers();
        Ok(())
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

fn push(flags: KeyboardEnhancementFlags) -> io::Result<()> {
    execute!(io::stdout(), PushKeyboardEnhancementFlags(flags))?;
    FLAGS.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

fn pop() -> io::Result<()> {
    FLAGS.fetch_sub(1, Ordering::SeqCst);
    execute!(io::stdout(), PopKeyboardEnhancementFlags)
}

/// Gives the terminal back as it was; nothing more can be done where that fails.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        for _ in 0..FLAGS.swap(0, Ordering::SeqCst) {
            let _ = queue!(out, PopKeyboardEnhancementFlags);
        }
        let _ = queue!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}
