//! Rows of cells: what the printer writes to. Columns of a table are lined up here, then comments
//! at the ends of lines.

use super::WIDTH;
use super::words::Comment;

/// A wider cell takes no part in lining up.
const CELL: usize = 48;
/// The same for conditions, which are lined up further.
const WIDE: usize = 64;
/// After a wider line, a comment follows at once.
const COMMENTED: usize = 84;

/// A part of a row.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    /// Spaces before it where its row is lined up.
    gap: usize,
    /// From here on the row goes its own way.
    free: bool,
    /// Ends where the others of its column end.
    right: bool,
    /// From this column on, no row of the table is lined up.
    spoils: bool,
}

impl Cell {
    /// A cell that is lined up with those of its column, one space after the one before.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { free: width(&text) > CELL || text.contains('\n'), text, gap: 1, right: false, spoils: false }
    }

    /// The same, and it may be wider.
    pub fn wide(text: impl Into<String>) -> Self {
        let cell = Self::new(text);
        Self { free: width(&cell.text) > WIDE || cell.text.contains('\n'), ..cell }
    }

    /// With so many spaces before it.
    pub fn gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }

    /// From here on the row goes its own way, if so.
    pub fn free(self, free: bool) -> Self {
        Self { free: self.free || free, ..self }
    }

    /// From this column on, no row of the table is lined up, if so.
    pub fn spoils(self, spoils: bool) -> Self {
        Self { spoils, ..self }
    }

    /// Ends where the others of its column end.
    pub fn right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// A line, or a text of several lines.
#[derive(Debug)]
struct Row<'a> {
    indent: usize,
    cells: Vec<Cell>,
    /// Rows with the same number are lined up.
    table: Option<u32>,
    /// After the cells, or alone.
    comment: Option<&'a str>,
    /// An empty line comes before.
    blank: bool,
}

impl Row<'_> {
    /// The row's text, with the columns' widths where it is lined up.
    fn draw(&self, widths: Option<&[usize]>) -> String {
        let mut line = " ".repeat(self.indent);
        let mut free = widths.is_none();
        let (mut pad, mut first) = (0, true);
        for (number, cell) in self.cells.iter().enumerate() {
            let column = widths.and_then(|widths| widths.get(number)).copied().unwrap_or(0);
            free |= cell.free;
            if cell.text.is_empty() && (free || column == 0) {
                continue;
            }
            let gap = if first {
                0
            } else if free {
                1
            } else {
                cell.gap
            };
            let own = width(&cell.text);
            let lead = if cell.right && !free { column.saturating_sub(own) } else { 0 };
            line.extend(std::iter::repeat_n(' ', pad + gap + lead));
            line.push_str(&cell.text);
            pad = if free { 0 } else { column.saturating_sub(own + lead) };
            first = false;
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// The cells that are lined up and are not the last.
    fn columns(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.cells.iter().enumerate().take_while(|(_, cell)| !cell.free)
    }
}

/// The rows of a file.
#[derive(Debug, Default)]
pub struct Sheet<'a> {
    rows: Vec<Row<'a>>,
    tables: u32,
    /// An empty line was asked for.
    blank: bool,
}

impl<'a> Sheet<'a> {
    /// The number of a new table.
    pub fn table(&mut self) -> u32 {
        self.tables += 1;
        self.tables
    }

    /// An empty line before the next row, or none.
    pub fn blank(&mut self, blank: bool) {
        self.blank = blank;
    }

    /// Adds a row.
    pub fn row(&mut self, indent: usize, cells: Vec<Cell>, table: Option<u32>) {
        let blank = std::mem::take(&mut self.blank);
        self.rows.push(Row { indent, cells, table, comment: None, blank });
    }

    /// Adds a row of one text.
    pub fn line(&mut self, indent: usize, text: impl Into<String>) {
        self.row(indent, vec![Cell::new(text)], None);
    }

    /// Adds a comment: at the end of the last row if it stood there, else alone.
    pub fn comment(&mut self, indent: usize, comment: &Comment<'a>) {
        match self.rows.last_mut().filter(|row| comment.trailing && row.comment.is_none()) {
            Some(row) => row.comment = Some(comment.text),
            None => {
                let blank = std::mem::take(&mut self.blank) || comment.blank;
                self.rows.push(Row { indent, cells: Vec::new(), table: None, comment: Some(comment.text), blank });
            }
        }
    }

    /// Adds to the last row.
    pub fn append(&mut self, text: &str) {
        let mut cells = self.rows.last_mut().into_iter().flat_map(|row| &mut row.cells);
        if let Some(cell) = cells.rfind(|cell| !cell.text.is_empty()) {
            cell.text.push_str(text);
        }
    }

    /// The whole text.
    pub fn draw(mut self) -> String {
        let mut members = vec![Vec::new(); self.tables as usize + 1];
        for (number, row) in self.rows.iter().enumerate() {
            if let Some(rows) = row.table.and_then(|table| members.get_mut(table as usize)) {
                rows.push(number);
            }
        }
        let widths: Vec<Vec<usize>> = members.into_iter().map(|rows| self.line_up(rows)).collect();
        let lines: Vec<String> = self.rows.iter().map(|row| row.draw(of_table(&widths, row))).collect();
        let ends = self.comment_columns(&lines);
        let mut out = String::new();
        for ((row, line), end) in self.rows.iter().zip(&lines).zip(ends) {
            if row.blank && !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
            if let Some(comment) = row.comment {
                let gap = if row.cells.is_empty() { row.indent } else { end.saturating_sub(last_width(line)) + 2 };
                out.extend(std::iter::repeat_n(' ', gap));
                out.push_str(comment);
            }
            out.push('\n');
        }
        out
    }

    /// The widths of a table's columns. Rows that would become too wide leave it.
    fn line_up(&mut self, mut members: Vec<usize>) -> Vec<usize> {
        self.spoil(&members);
        loop {
            let rows = || members.iter().filter_map(|number| self.rows.get(*number));
            let mut widths: Vec<usize> = Vec::new();
            for (number, cell) in rows().flat_map(Row::columns) {
                widths.resize(widths.len().max(number + 1), 0);
                if let Some(column) = widths.get_mut(number) {
                    *column = width(&cell.text).max(*column);
                }
            }
            let fits =
                |number: &usize| self.rows.get(*number).is_some_and(|row| width(&row.draw(Some(&widths))) <= WIDTH);
            let (stay, leave): (Vec<usize>, Vec<usize>) = members.iter().partition(|row| fits(row));
            for number in &leave {
                self.rows.get_mut(*number).into_iter().for_each(|row| row.table = None);
            }
            if leave.is_empty() {
                return widths;
            }
            members = stay;
        }
    }

    /// Frees the columns that a row of the table has spoiled.
    fn spoil(&mut self, members: &[usize]) {
        let column = |row: &Row<'_>| row.cells.iter().position(|cell| cell.spoils);
        let spoiled = members.iter().filter_map(|number| self.rows.get(*number).and_then(column)).min();
        let Some(spoiled) = spoiled else { return };
        for number in members {
            let cell = self.rows.get_mut(*number).and_then(|row| row.cells.get_mut(spoiled));
            cell.into_iter().for_each(|cell| cell.free = true);
        }
    }

    /// The column after which each row's comment stands, two spaces apart.
    fn comment_columns(&self, lines: &[String]) -> Vec<usize> {
        let mut ends: Vec<usize> = Vec::with_capacity(lines.len());
        let mut run: Vec<usize> = Vec::new();
        let mut indent = 0;
        for (number, (row, line)) in self.rows.iter().zip(lines).enumerate() {
            ends.push(last_width(line));
            let is_line = !row.cells.is_empty() && !line.contains('\n');
            if !is_line || row.blank || row.indent != indent {
                end_run(&mut run, &mut ends);
                indent = row.indent;
            }
            if is_line && row.comment.is_some() && width(line) <= COMMENTED {
                run.push(number);
            }
        }
        end_run(&mut run, &mut ends);
        ends
    }
}

fn end_run(run: &mut Vec<usize>, ends: &mut [usize]) {
    let widest = run.iter().filter_map(|row| ends.get(*row)).max().copied().unwrap_or(0);
    for row in run.drain(..) {
        if let Some(end) = ends.get_mut(row) {
            *end = widest;
        }
    }
}

fn of_table<'w>(widths: &'w [Vec<usize>], row: &Row<'_>) -> Option<&'w [usize]> {
    widths.get(row.table? as usize).map(Vec::as_slice)
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// How many columns the last line of a text takes.
fn last_width(text: &str) -> usize {
    text.rsplit('\n').next().map_or(0, width)
}
