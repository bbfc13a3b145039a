//! Lists as tables for programs that calculate (RFC 4180): what was typed somewhere is text there, and never a formula.

/// What stands in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    /// Digits, made here.
    Number(String),
}

/// Rows by the heads of their columns; all have the same.
pub(super) fn csv(heads: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> String {
    let mut table = heads.join(",") + "\r\n";
    for row in rows {
        let row: Vec<String> = row.iter().map(Cell::quoted).collect();
        table += &row.join(",");
        table += "\r\n";
    }
    table
}

impl Cell {
    fn quoted(&self) -> String {
        let text = match self {
            Self::Number(digits) => return digits.clone(),
            Self::Text(text) => text,
        };
        // With an apostrophe before it, it is text to every program that would calculate it.
        let formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
        if !formula && !text.contains(['"', ',', '\n', '\r']) {
            return text.clone();
        }
        format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_text() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows = [
            vec![text("plain"), Cell::Number("-7.00".to_owned())],
            vec![text("=1+1"), Cell::Number(String::new())],
            vec![text("a, \"b\"\nc"), text(" @x")],
            vec![text("-"), text("+4,5")],
        ];
        assert_eq!(
            csv(&["One", "Two"], rows.into_iter()),
            "One,Two\r\nplain,-7.00\r\n\"'=1+1\",\r\n\"a, \"\"b\"\"\nc\",\"' @x\"\r\n\"'-\",\"'+4,5\"\r\n"
        );
    }
}
