//! A provider's own list of charges, read from the CSV that its pages export.
//!
//! The providers' exports differ and change, so that columns are found by their names, in any order and spelling; what is not
//! asked for is passed over. Not for comparing it with the ledger: that is [`super::reconcile`].

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::money::PicoUsd;

/// The names of each column that is read, in small letters with `_` between the words. The help lists them.
pub const COLUMNS: [(&str, &[&str]); 5] = [
    (
        "the day or time, UTC",
        &["date", "day", "time", "timestamp", "usage_date", "usage_date_utc", "start_time", "created_at", "date_utc"],
    ),
    ("the model", &["model", "model_id", "model_name", "model_version", "snapshot_id"]),
    (
        "the amount in US dollars",
        &["amount", "amount_usd", "cost", "cost_usd", "usd", "total_cost", "amount_value", "price_usd"],
    ),
    ("or in credits, with --credit", &["credits", "credits_used", "character_cost", "credit_cost"]),
    ("the request, where there is one", &["request_id", "generation_id", "history_item_id", "id"]),
];

/// The most charges that are read.
const MOST_CHARGES: usize = 1_000_000;
/// The most columns of a line.
const MOST_COLUMNS: usize = 256;
/// The longest cell, in bytes. A name that is kept may have an eighth of it.
const LONGEST_CELL: usize = 4_096;
/// The most digits before the point: more dollars than that are no bill.
const MOST_DIGITS: usize = 9;

/// One charge as the provider lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The line of the file, from 1.
    pub line: usize,
    /// The day, UTC.
    pub on: Date,
    /// The model, as the provider spells it.
    pub model: String,
    /// The amount in pico-dollars; negative where something was paid back.
    pub pico: i128,
    /// The smallest amount that the column can tell, in pico-dollars.
    pub step: i128,
    /// The provider's name for the request.
    pub request_id: Option<String>,
}

/// Why a file is no list of charges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// A column is missing.
    #[error("there is no column for {what}: it may be called {names}")]
    NoColumn {
        /// What it is for.
        what: &'static str,
        /// How it may be called.
        names: String,
    },
    /// It bills in credits, and nobody said what one costs.
    #[error("it lists credits and no dollars: say with --credit what one costs in your plan, such as --credit 0.00022")]
    NoCredit,
    /// A cell cannot be read.
    #[error("line {line}, column `{column}`: `{cell}` is no {what}")]
    Cell {
        /// The line.
        line: usize,
        /// The column's name, in small letters.
        column: String,
        /// The cell's beginning, without control characters.
        cell: String,
        /// What it should be.
        what: &'static str,
    },
    /// A place at which the text is no list of comma-separated values.
    #[error("line {line}, column {column}: {what}")]
    Form {
        /// The line on which the row begins.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// It has no charge at all, or too many.
    #[error("it has {}; between 1 and {MOST_CHARGES} are read", if *.0 == 0 { "no charges" } else { "too many charges" })]
    Count(usize),
}

/// Where the columns stand.
struct Columns {
    /// Their names, as [`spelled`] has them.
    head: Vec<String>,
    day: usize,
    model: usize,
    amount: usize,
    /// What a credit costs, where the amount is in credits.
    each: Option<PicoUsd>,
    request: Option<usize>,
}

impl Columns {
    fn of(row: &[String], credit: Option<PicoUsd>) -> Result<Self, InvoiceError> {
        let head: Vec<String> = row.iter().map(|name| spelled(name)).collect();
        // The first of a column's names that is there, so that `request_id` comes before `id`.
        let column = |n: usize| {
            let names = COLUMNS.get(n).map(|(_, names)| *names).unwrap_or_default();
            names.iter().find_map(|name| head.iter().position(|cell| cell == name))
        };
        let need = |n: usize| {
            let (what, names) = COLUMNS.get(n).copied().unwrap_or_default();
            column(n).ok_or_else(|| InvoiceError::NoColumn { what, names: names.join(", ") })
        };
        let (day, model) = (need(0)?, need(1)?);
        let (amount, each) = match (column(2), column(3), credit) {
            (Some(dollars), _, None) | (Some(dollars), None, Some(_)) => (dollars, None),
            (_, Some(credits), Some(credit)) => (credits, Some(credit)),
            (None, Some(_), None) => return Err(InvoiceError::NoCredit),
            (None, None, _) => (need(2)?, None),
        };
        let request = column(4);
        Ok(Self { head, day, model, amount, each, request })
    }

    /// The charge of a line; `None` where it is nothing but separators, as spreadsheets leave them.
    fn charge(&self, line: usize, row: &[String]) -> Result<Option<Charge>, InvoiceError> {
        let cell = |n: usize| row.get(n).map_or("", |cell| cell.trim());
        if row.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(None);
        }
        let wrong = |n: usize, what| InvoiceError::Cell {
            line,
            column: self.head.get(n).cloned().unwrap_or_default(),
            cell: cell(n).chars().filter(|sign| !sign.is_control()).take(40).collect(),
            what,
        };
        // What is shown again later is short and steers no terminal.
        let name = |n: usize| {
            let text = cell(n);
            let is_name = text.len() <= LONGEST_CELL / 8 && !text.chars().any(char::is_control);
            if is_name { Ok(text.to_owned()) } else { Err(wrong(n, "name: it is too long or has control characters")) }
        };
        let on = date(cell(self.day)).ok_or_else(|| wrong(self.day, "day, such as 2026-10-27"))?;
        let (number, step) = decimal(cell(self.amount)).ok_or_else(|| wrong(self.amount, "amount, such as 0.0123"))?;
        let (pico, step) = match self.each {
            None => (number, step),
            // Both have twelve decimals; a credit's price has them too.
            Some(PicoUsd(each)) => {
                let by = |number: i128| number.saturating_mul(i128::from(each)) / 1_000_000_000_000;
                (by(number), by(step).max(1))
            }
        };
        let request_id = self.request.map(name).transpose()?.filter(|id| !id.is_empty());
        Ok(Some(Charge { line, on, model: name(self.model)?, pico, step, request_id }))
    }
}

/// Reads the charges of a file; `credit` is what a credit costs.
///
/// # Errors
///
/// When a column is missing or a cell cannot be read: nothing is left out in silence.
pub fn read(text: &str, credit: Option<PicoUsd>) -> Result<Vec<Charge>, InvoiceError> {
    let (mut columns, mut charges) = (None, Vec::new());
    rows(text, |line, row| {
        let Some(columns) = &columns else {
            columns = Some(Columns::of(row, credit)?);
            return Ok(());
        };
        charges.extend(columns.charge(line, row)?);
        if charges.len() > MOST_CHARGES { Err(InvoiceError::Count(charges.len())) } else { Ok(()) }
    })?;
    if columns.is_none() {
        // It says which column is missing.
        Columns::of(&[], credit)?;
    }
    if charges.is_empty() { Err(InvoiceError::Count(0)) } else { Ok(charges) }
}

/// A name in small letters, with one `_` for whatever else stands between its words.
fn spelled(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// The UTC day of a day, a moment, or the seconds since 1970.
fn date(cell: &str) -> Option<Date> {
    let of = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
    if let Ok(at) = cell.parse::<Timestamp>() {
        return Some(of(at));
    }
    if cell.len() == 10 && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return cell.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).map(of);
    }
    // A time without a zone is held to be UTC.
    let day = cell.get(..10)?;
    let rest = cell.get(10..)?;
    day.parse().ok().filter(|_| rest.is_empty() || rest.starts_with([' ', 'T']))
}

/// A decimal number with up to twelve decimals, in parts of 10^12, and the size of its last decimal.
fn decimal(cell: &str) -> Option<(i128, i128)> {
    const DECIMALS: usize = 12;
    let bare = cell.trim().replace('$', "").replace("USD", "");
    let bare = ungrouped(bare.trim())?;
    let bare = bare.trim();
    let (is_negative, bare) = bare.strip_prefix('-').map_or((false, bare), |rest| (true, rest));
    let (number, step) = if bare.contains(['e', 'E']) {
        (i128::from(PicoUsd::each(bare)?.0), 1)
    } else {
        let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) || whole.len() > MOST_DIGITS {
            return None;
        }
        // What stands behind the twelfth decimal is noise of adding up.
        let kept: String = part.chars().take(DECIMALS).collect();
        let step = 10_i128.checked_pow(u32::try_from(DECIMALS - kept.len()).ok()?)?;
        let number: i128 = format!("0{whole}{kept:0<DECIMALS$}").parse().ok()?;
        (number, step)
    };
    Some((if is_negative { -number } else { number }, step))
}

/// A number without the commas between its thousands. A comma that stands for the point is refused: it would be read as a
/// larger amount.
fn ungrouped(number: &str) -> Option<String> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if !number.contains(',') {
        return Some(number.to_owned());
    }
    let mut groups = whole.trim_start_matches('-').split(',');
    let is_first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && !group.starts_with('0'));
    let are_thousands = is_first && groups.all(|group| group.len() == 3) && !part.contains(',');
    are_thousands.then(|| number.replace(',', ""))
}

/// Gives the rows of a text of comma-separated values (RFC 4180, or with semicolons or tabs) one after another, each with the line
/// on which it begins.
fn rows(text: &str, mut take: impl FnMut(usize, &[String]) -> Result<(), InvoiceError>) -> Result<(), InvoiceError> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|sign| (first.matches(*sign).count(), *sign == ',')).unwrap_or(',');
    let (mut row, mut cell): (Vec<String>, String) = (Vec::new(), String::new());
    let (mut line, mut begun, mut is_quoted) = (1, 1, false);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let wrong = |what| InvoiceError::Form { line: begun, column: row.len() + 1, what };
        if cell.len() > LONGEST_CELL {
            return Err(wrong("the cell is too long for a bill; a quotation mark may not be closed"));
        }
        if row.len() >= MOST_COLUMNS {
            return Err(wrong("the line has too many columns for a bill"));
        }
        match sign {
            '"' if is_quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                take(begun, &row)?;
                row.clear();
                line += 1;
                begun = line;
            }
            '\r' if !is_quoted => {}
            sign if sign == separator && !is_quoted => row.push(std::mem::take(&mut cell)),
            sign => {
                line += usize::from(sign == '\n');
                cell.push(sign);
            }
        }
    }
    if is_quoted {
        return Err(InvoiceError::Form {
            line: begun,
            column: row.len() + 1,
            what: "a quotation mark is not closed, so that the lines after it cannot be told apart",
        });
    }
    if cell.is_empty() && row.is_empty() {
        return Ok(());
    }
    row.push(cell);
    take(begun, &row)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn exports_of_several_forms_are_read() {
        let console = "usage_date_utc,model_version,usage_type,cost_usd\r\n2026-10-27,claude-opus-5-5,input,\"1,234.50\"\r\n\
                       2026-10-27,claude-opus-5-5,output,0.000001\r\n";
        let found = read(console, None).unwrap();
        assert_eq!((found[0].on, found[0].pico), (day(2026, 10, 27), 1_234_500_000_000_000));
        assert_eq!((found[1].line, found[1].pico, found[1].step), (3, 1_000_000, 1_000_000));
        let costs = "\u{feff}start_time;Amount (value);Model;Request ID\n1793059200;0.5;gpt;req_1\n;;;\n";
        let found = read(costs, None).unwrap();
        assert_eq!((found.len(), found[0].on, found[0].request_id.as_deref()), (1, day(2026, 10, 27), Some("req_1")));
        let speech = "Date\tModel\tCredits used\tid\n2026-10-27 09:12:00\televen_v3\t640\tabc\n";
        assert_eq!(read(speech, None), Err(InvoiceError::NoCredit));
        // 640 credits at 0.00008 dollars.
        let found = read(speech, PicoUsd::each("0.00008")).unwrap();
        assert_eq!((found[0].pico, found[0].step), (51_200_000_000, 80_000_000));
        assert_eq!(
            read("date,model,amount\n2026-10-27T23:30:00-02:00,m,-2e-3\n", None).unwrap()[0].on,
            day(2026, 10, 28)
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line_and_never_left_out() {
        let told = |text: &str| read(text, None).unwrap_err().to_string();
        assert!(told("date,cost\n2026-10-27,1\n").contains("no column for the model"));
        assert!(told("date,model\n2026-10-27,m\n").contains("the amount in US dollars"));
        assert_eq!(
            told("date,model,cost\n27/10/2026,m,1\n"),
            "line 2, column `date`: `27/10/2026` is no day, such as 2026-10-27"
        );
        for bad in ["", "one", "1.2.3", "0x1", "1e", ".", "\"0,5\"", "\"1,2345\"", "\"1.000,5\"", "1234567890"] {
            let told = told(&format!("date,model,cost\n\n2026-10-27,m,{bad}\n"));
            assert!(told.starts_with("line 3, column `cost`: "), "{bad}: {told}");
        }
        assert!(told("date,model,cost\n").contains("no charges") && told("").contains("no column"));
    }

    #[test]
    fn what_would_steer_a_terminal_or_fill_the_memory_is_refused_with_its_place() {
        let told = |text: &str| read(text, None).unwrap_err().to_string();
        let steers = told("date,model,cost,id\n2026-10-27,m,1,a\u{1b}[2Jb\n");
        assert!(steers.starts_with("line 2, column `id`: `a[2Jb` is no name"), "{steers}");
        assert!(!told("date,model,cost\n\u{9b}31m,m,1\n").contains('\u{9b}'));
        let open = told("date,model,cost\n2026-10-27,m,1\n2026-10-27,\"m,1\n2026-10-28,m,2\n");
        assert!(open.starts_with("line 3, column 2: a quotation mark is not closed"), "{open}");
        let long = told(&format!("date,model,cost\n2026-10-27,{},1\n", "m".repeat(5_000)));
        assert!(long.starts_with("line 2, column 2: the cell is too long"), "{long}");
        assert!(told(&format!("date,model,cost\n2026-10-27,{},1\n", "m".repeat(513))).contains("too long"));
        assert!(told(&format!("date,model,cost\n{}\n", ",".repeat(300))).starts_with("line 2, column 257: "));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(tail in "[\"\\n,;0-9.e$\\-mTZ\u{9b}]{0,80}") {
            if let Err(error) = read(&format!("date,model,cost\n{tail}"), None) {
                proptest::prop_assert!(!error.to_string().chars().any(char::is_control));
            }
        }
    }
}
