//! A table of plain text with aligned columns, and the same rows as CSV.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::plain;
use crate::domain::plain::csv_cell;

/// On which side the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a head. Every cell is cleaned of control characters when it is put in.
#[derive(Clone, Debug)]
pub struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(head: &[(&'static str, Align)]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as the head.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| plain::line(cell.as_ref())).collect();
        row.resize(self.head.len(), String::new());
        self.rows.push(row);
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table for people: columns two spaces apart, no space at the end of a line.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = self.head.iter().map(|(name, _)| name.width());
        let widths: Vec<usize> = heads
            .enumerate()
            .map(|(n, head)| {
                self.rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.width()).fold(head, usize::max)
            })
            .collect();
        let names: Vec<String> = self.head.iter().map(|(name, _)| (*name).to_owned()).collect();
        for row in std::iter::once(&names).chain(&self.rows) {
            let mut text = String::new();
            for ((cell, width), (_, align)) in row.iter().zip(&widths).zip(&self.head) {
                let gap = " ".repeat(width.saturating_sub(cell.width()));
                let space = if text.is_empty() { "" } else { "  " };
                match align {
                    Align::Left => text.extend([space, cell, &gap]),
                    Align::Right => text.extend([space, &gap, cell]),
                }
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    /// Writes the table as CSV (RFC 4180): a head in lower case, a comma between cells, CR LF at the end of each line. A cell that a
    /// spreadsheet would take for a formula gets an apostrophe in front.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let head: Vec<String> = self.head.iter().map(|(name, _)| name.to_lowercase().replace(' ', "_")).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
            write!(out, "{}\r\n", cells.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[("Stage", Align::Left), ("USD", Align::Right)]);
        table.row(["script", "12.5"]);
        table.row(["数字\u{1b}[0m", "-3"]);
        table.row(["=1+1, \"x\""]);
        table
    }

    #[test]
    fn columns_line_up_whatever_the_width_of_letters() {
        let mut out = Vec::new();
        sample().print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "Stage       USD\nscript     12.5\n数字         -3\n=1+1, \"x\"\n");
    }

    #[test]
    fn csv_quotes_and_disarms_formulas() {
        let mut out = Vec::new();
        sample().csv(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "stage,usd\r\nscript,12.5\r\n数字,-3\r\n\"'=1+1, \"\"x\"\"\",\r\n");
    }
}
