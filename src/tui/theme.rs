//! Colours by role, in as many as the terminal has. No meaning is in a colour alone: each role has a character or a word.
//!
//! The background is never set and no text is blue. The five hues are Okabe and Ito's, chosen to be told apart with the
//! common forms of colour blindness. What has no Unicode is drawn by the table in [`plain`].

use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorLevel {
    /// None: bold, dim and reverse are left.
    None,
    /// The terminal's own sixteen.
    Ansi16,
    /// 256.
    Ansi256,
    /// 24 bits.
    True,
}

/// What something on the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Text,
    Dim,
    Strong,
    Done,
    Running,
    Person,
    Failed,
    Dispute,
    Added,
    Removed,
    Border,
    Focus,
    Alarm,
}

/// The style of each role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    level: ColorLevel,
}

impl Theme {
    pub(crate) fn new(level: ColorLevel) -> Self {
        Self { level }
    }

    fn hue(self, rgb: (u8, u8, u8), index: u8, named: Color) -> Style {
        let style = Style::new();
        match self.level {
            ColorLevel::None => style,
            ColorLevel::Ansi16 => style.fg(named),
            ColorLevel::Ansi256 => style.fg(Color::Indexed(index)),
            ColorLevel::True => style.fg(Color::Rgb(rgb.0, rgb.1, rgb.2)),
        }
    }

    /// The style of a role.
    pub(crate) fn style(self, role: Role) -> Style {
        let bold = Modifier::BOLD;
        match role {
            Role::Text => Style::new(),
            Role::Done => self.hue((0, 158, 115), 36, Color::Reset),
            Role::Dim | Role::Border => Style::new().add_modifier(Modifier::DIM),
            Role::Strong => Style::new().add_modifier(bold),
            Role::Running => self.hue((86, 180, 233), 74, Color::Cyan),
            Role::Person => self.hue((230, 159, 0), 214, Color::Yellow).add_modifier(bold),
            Role::Failed => self.hue((213, 94, 0), 166, Color::Red).add_modifier(bold),
            Role::Dispute => self.hue((204, 121, 167), 175, Color::Magenta).add_modifier(bold),
            Role::Added => self.hue((0, 158, 115), 36, Color::Reset).add_modifier(bold),
            Role::Removed => match self.level {
                ColorLevel::None | ColorLevel::Ansi16 => Style::new().add_modifier(Modifier::DIM),
                ColorLevel::Ansi256 | ColorLevel::True => self.hue((230, 159, 0), 214, Color::Reset),
            },
            Role::Focus => self.hue((86, 180, 233), 74, Color::Cyan).add_modifier(bold),
            Role::Alarm => self.hue((230, 159, 0), 214, Color::Yellow).add_modifier(bold | Modifier::REVERSED),
        }
    }
}

/// What stands for a symbol where there is no Unicode: one character of the same width or none.
pub(crate) fn plain(symbol: &str) -> &'static str {
    match symbol {
        "╭" | "╮" | "╰" | "╯" | "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "┏" | "┓" | "┗" | "┛" => {
            "+"
        }
        "─" | "━" | "–" | "—" | "‐" | "‑" | "−" => "-",
        "│" | "┃" => "|",
        "█" | "■" | "▇" => "#",
        "▉" | "▊" | "▋" | "▅" | "▆" | "▌" => "=",
        "▍" | "▎" | "▏" | "▃" | "▄" => "-",
        "▁" | "▂" => "_",
        "░" | "·" | "…" => ".",
        "‘" | "’" => "'",
        "“" | "”" | "„" => "\"",
        "→" | "›" | "▸" => ">",
        "←" | "‹" => "<",
        "↑" => "^",
        "↓" => "v",
        "×" => "x",
        "±" => "~",
        "✓" => "v",
        "•" => "*",
        "á" | "à" | "â" | "ä" | "å" | "ã" => "a",
        "é" | "è" | "ê" | "ë" => "e",
        "í" | "ì" | "î" | "ï" => "i",
        "ó" | "ò" | "ô" | "ö" | "ø" => "o",
        "ú" | "ù" | "û" | "ü" => "u",
        "ç" => "c",
        "ñ" => "n",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: &[Role] = &[
        Role::Text,
        Role::Dim,
        Role::Strong,
        Role::Done,
        Role::Running,
        Role::Person,
        Role::Failed,
        Role::Dispute,
        Role::Added,
        Role::Removed,
        Role::Border,
        Role::Focus,
        Role::Alarm,
    ];

    #[test]
    fn no_colour_means_none_and_the_background_is_never_set() {
        for role in ROLES {
            assert_eq!(Theme::new(ColorLevel::None).style(*role).fg, None, "{role:?}");
            for level in [ColorLevel::Ansi16, ColorLevel::Ansi256, ColorLevel::True] {
                let style = Theme::new(level).style(*role);
                assert_eq!(style.bg, None, "{role:?}");
                assert!(!matches!(style.fg, Some(Color::Blue | Color::LightBlue)), "{role:?}");
            }
        }
    }
}
