//! Comma-separated values (RFC 4180) of which no spreadsheet makes formulas.

/// One line.
pub(super) fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. What begins like a formula begins with an apostrophe, unless it is a number.
fn cell(text: &str) -> String {
    let text = &*crate::shown::line(text);
    let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
