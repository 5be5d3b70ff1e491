//! Input behind a trait, so that the driver can be handed keys by a test; the terminal's own is [`TerminalInput`].

use crossterm::event::{Event, EventStream, KeyCode, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;

use super::key::{Code, Key};

/// Something that came from the person or from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Key { key: Key, repeat: bool },
    Paste(String),
    Resize { columns: u16, rows: u16 },
}

/// A source of input.
pub(crate) trait InputSource {
    /// The next input; `None` when there will be none any more.
    fn next(&mut self) -> impl Future<Output = Option<std::io::Result<Input>>>;
}

/// The terminal.
#[derive(Debug, Default)]
pub(crate) struct TerminalInput {
    events: EventStream,
}

impl InputSource for TerminalInput {
    async fn next(&mut self) -> Option<std::io::Result<Input>> {
        loop {
            match self.events.next().await? {
                Err(error) => return Some(Err(error)),
                Ok(event) => {
                    if let Some(input) = read(event) {
                        return Some(Ok(input));
                    }
                }
            }
        }
    }
}

/// The modifiers beside Shift and Ctrl.
const OTHERS: KeyModifiers =
    KeyModifiers::ALT.union(KeyModifiers::SUPER).union(KeyModifiers::HYPER).union(KeyModifiers::META);

/// What an event of the terminal means here; releases, mouse and focus mean nothing.
fn read(event: Event) -> Option<Input> {
    match event {
        // No command is spelled with Alt or its like, and Alt with a letter is not that letter.
        Event::Key(key) if key.modifiers.intersects(OTHERS) => None,
        Event::Key(key) => {
            let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
            let shift = key.modifiers.contains(KeyModifiers::SHIFT);
            let code = match key.code {
                // A terminal may tell a capital as a letter with Shift.
                KeyCode::Char(c) if shift && !ctrl => Code::Char(c.to_uppercase().next().unwrap_or(c)),
                KeyCode::Char(c) => Code::Char(c),
                KeyCode::Enter => Code::Enter,
                KeyCode::Esc => Code::Esc,
                KeyCode::Backspace => Code::Backspace,
                KeyCode::Delete => Code::Delete,
                KeyCode::Tab => Code::Tab,
                KeyCode::BackTab => Code::BackTab,
                KeyCode::Up => Code::Up,
                KeyCode::Down => Code::Down,
                KeyCode::Left => Code::Left,
                KeyCode::Right => Code::Right,
                KeyCode::Home => Code::Home,
                KeyCode::End => Code::End,
                KeyCode::PageUp => Code::PageUp,
                KeyCode::PageDown => Code::PageDown,
                KeyCode::F(n) => Code::F(n),
                _ => return None,
            };
            match key.kind {
                KeyEventKind::Press => Some(Input::Key { key: Key { code, ctrl }, repeat: false }),
                KeyEventKind::Repeat => Some(Input::Key { key: Key { code, ctrl }, repeat: true }),
                KeyEventKind::Release => None,
            }
        }
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(columns, rows) => Some(Input::Resize { columns, rows }),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};

    use super::*;

    #[test]
    fn keys_are_read_and_releases_are_not() {
        let press = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
        let key = |code, ctrl| Some(Input::Key { key: Key { code, ctrl }, repeat: false });
        assert_eq!(read(press(KeyCode::Char('A'), KeyModifiers::SHIFT)), key(Code::Char('A'), false));
        assert_eq!(read(press(KeyCode::Char('a'), KeyModifiers::SHIFT)), key(Code::Char('A'), false));
        assert_eq!(read(press(KeyCode::Char('k'), KeyModifiers::CONTROL)), key(Code::Char('k'), true));
        let others = [KeyModifiers::ALT, KeyModifiers::SUPER, KeyModifiers::HYPER, KeyModifiers::META];
        for other in others {
            for code in [KeyCode::Char('A'), KeyCode::Char('y'), KeyCode::Char('q'), KeyCode::Enter] {
                assert_eq!(read(press(code, other)), None, "{other:?} {code:?}");
                assert_eq!(read(press(code, other | KeyModifiers::SHIFT)), None, "{other:?} {code:?}");
                assert_eq!(read(press(code, other | KeyModifiers::CONTROL)), None, "{other:?} {code:?}");
            }
        }
        let release = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(read(Event::Key(release)), None);
        let mouse = MouseEvent { kind: MouseEventKind::Moved, column: 0, row: 0, modifiers: KeyModifiers::NONE };
        assert_eq!(read(Event::Mouse(mouse)), None);
    }
}
