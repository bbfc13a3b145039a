//! The mirror of a table as it is written, with places and unchecked texts. Shape only: types come in `check.rs`.

use super::codes;
use super::policy::Hit;
use crate::definition::reading::{self, Found, Keys, Node, Scalar, Shape, Spot, codes as shared};
use crate::diagnostic::{Diagnostic, Span};

/// The most rows of a table.
pub const MAX_ROWS: usize = 20_000;

/// The most columns of a table, inputs and outputs together.
pub const MAX_COLUMNS: usize = 64;

/// Keys of a row that are no columns.
pub(crate) const ROW_KEYS: [&str; 3] = ["from", "until", "note"];

/// Keys of a table.
pub(crate) const TABLE: &[&str] = &["hit", "in", "out", "rows", "otherwise"];

/// Keys of an input column.
pub(crate) const INPUT: &[&str] = &["value", "values"];

/// Keys of an output column.
pub(crate) const OUTPUT: &[&str] = &["type", "values"];

/// What people write into a row that holds when no other does.
const OTHERWISE: [&str; 3] = ["otherwise", "else", "default"];

pub(super) type Text = Spot<Scalar>;
pub(super) type Name = Spot<String>;

#[derive(Debug)]
pub(super) struct File {
    pub(super) hit: Spot<Hit>,
    pub(super) inputs: Vec<InputFile>,
    pub(super) outputs: Vec<OutputFile>,
    pub(super) rows: Vec<RowFile>,
    pub(super) otherwise: Option<Vec<Option<Text>>>,
    /// Where the table's name stands.
    pub(super) owner: Span,
}

#[derive(Debug)]
pub(super) struct InputFile {
    pub(super) name: Name,
    pub(super) value: Text,
    pub(super) values: Option<Text>,
}

#[derive(Debug)]
pub(super) struct OutputFile {
    pub(super) name: Name,
    pub(super) ty: Spot<String>,
    pub(super) values: Vec<Text>,
}

/// A row; a cell that was refused, or is not there, is `None`.
#[derive(Debug)]
pub(super) struct RowFile {
    pub(super) span: Span,
    pub(super) inputs: Vec<Option<Text>>,
    pub(super) outputs: Vec<Option<Text>>,
    /// The cells of a row that has too many or too few of them: which column each belongs to cannot be told.
    pub(super) strays: Vec<Text>,
    pub(super) from: Option<Text>,
    pub(super) until: Option<Text>,
    pub(super) note: Option<String>,
}

/// Reads the table `node`, whose name stands at `owner`.
pub(super) fn read(node: &Node, owner: Span, found: &mut Found) -> Option<File> {
    let keys = Keys::of(node, owner, "a decision table", TABLE, found)?;
    // A policy that there is none of needs nothing of outputs and rows: what is wrong with them is told all the same.
    let none = Spot::new(Hit::First, owner);
    let hit =
        keys.get("hit").map_or(Spot::new(Hit::Unique, owner), |(key, node)| hit(node, key, found).unwrap_or(none));
    let help = "name the columns: in: { amount: po.amount }";
    let inputs = keys.need("in", "a decision table", help, found).map(|(key, node)| inputs(node, key, found));
    let help = "name the columns and their types: out: { level: text }";
    let outputs = keys.need("out", "a decision table", help, found).map(|(key, node)| outputs(node, key, found));
    let rows = keys.need("rows", "a decision table", "write the rows as a list: inputs, then outputs", found);
    let (inputs, outputs) = (inputs??, outputs??);
    columns(&inputs, &outputs, owner, found)?;
    let columns = Columns { inputs: &inputs, outputs: &outputs };
    // Without rows, which was told, there is still something to say of the columns.
    let rows = rows.and_then(|(key, node)| rows_of(node, key, &columns, found)).unwrap_or_default();
    let otherwise = keys.get("otherwise").and_then(|(key, node)| columns.otherwise(node, key, found));
    Some(File { hit, inputs, outputs, rows, otherwise, owner })
}

fn hit(node: &Node, key: Span, found: &mut Found) -> Option<Spot<Hit>> {
    let text = reading::string(node, key, "the hit policy", found)?;
    match Hit::parse(&text.value) {
        Ok(hit) => Some(Spot::new(hit, text.span)),
        Err(help) => {
            let message = format!("`{}` is not a hit policy", text.value);
            found.push(Diagnostic::error(codes::HIT, text.span, message).help(help));
            None
        }
    }
}

fn inputs(node: &Node, key: Span, found: &mut Found) -> Option<Vec<InputFile>> {
    let keys = Keys::any(node, key, "`in`", found)?;
    let mut inputs = Vec::new();
    for (name, node) in keys.iter() {
        let known = reading::checked_name(name, "the name of a column", found);
        let (value, values) = match &node.shape {
            Shape::Map(_) => {
                let Some(keys) = Keys::of(node, name.span, "an input column", INPUT, found) else {
                    continue;
                };
                let value = keys.need("value", "an input column", "give an expression: { value: po.amount }", found);
                let value = value.and_then(|(key, node)| reading::text(node, key, "the column's value", found));
                (value, keys.get("values").and_then(|(key, node)| cell(node, key, found)))
            }
            _ => (reading::text(node, name.span, "the column's value", found), None),
        };
        if let Some(value) = value.filter(|_| known) {
            inputs.push(InputFile { name: name.clone(), value, values });
        }
    }
    Some(inputs)
}

fn outputs(node: &Node, key: Span, found: &mut Found) -> Option<Vec<OutputFile>> {
    let keys = Keys::any(node, key, "`out`", found)?;
    if keys.is_empty() {
        let message = "a decision table has at least one output";
        found.push(Diagnostic::error(shared::EMPTY, key, message).help("name it and its type: out: { level: text }"));
        return None;
    }
    let mut outputs = Vec::new();
    for (name, node) in keys.iter() {
        let known = reading::checked_name(name, "the name of a column", found);
        let (ty, values) = match &node.shape {
            Shape::Map(_) => {
                let Some(keys) = Keys::of(node, name.span, "an output column", OUTPUT, found) else {
                    continue;
                };
                let ty = keys.need("type", "an output column", "give its type: { type: text }", found);
                let ty = ty.and_then(|(key, node)| reading::string(node, key, "the column's type", found));
                let items = keys.get("values").and_then(|(key, node)| reading::list(node, key, "`values`", found));
                (ty, items.unwrap_or_default().iter().filter_map(|node| cell(node, name.span, found)).collect())
            }
            _ => (reading::string(node, name.span, "the column's type", found), Vec::new()),
        };
        if let Some(ty) = ty.filter(|_| known) {
            outputs.push(OutputFile { name: name.clone(), ty, values });
        }
    }
    Some(outputs)
}

/// Names that clash, and the size.
fn columns(inputs: &[InputFile], outputs: &[OutputFile], owner: Span, found: &mut Found) -> Option<()> {
    if inputs.len() + outputs.len() > MAX_COLUMNS {
        let message = format!("a decision table has at most {MAX_COLUMNS} columns");
        found.push(Diagnostic::error(codes::TOO_LARGE, owner, message).help("divide it into several tables"));
        return None;
    }
    for output in outputs {
        if let Some(input) = inputs.iter().find(|input| input.name.value == output.name.value) {
            let message = format!("`{}` is an input and an output", output.name.value);
            found.push(
                Diagnostic::error(codes::COLUMN_TWICE, output.name.span, message)
                    .related(input.name.span, "the input")
                    .help("give one of them another name"),
            );
        }
    }
    for name in inputs.iter().map(|input| &input.name).chain(outputs.iter().map(|output| &output.name)) {
        if ROW_KEYS.contains(&name.value.as_str()) {
            let message = format!("`{}` cannot be the name of a column: it is a key of rows", name.value);
            let help = format!("call it `{}_value`, for instance", name.value);
            found.push(Diagnostic::error(shared::BAD_NAME, name.span, message).help(help));
        }
    }
    Some(())
}

fn rows_of(node: &Node, key: Span, columns: &Columns<'_>, found: &mut Found) -> Option<Vec<RowFile>> {
    let items = reading::list(node, key, "`rows`", found)?;
    if items.is_empty() || items.len() > MAX_ROWS {
        let (code, message, help) = if items.is_empty() {
            (shared::EMPTY, "a decision table has at least one row".to_owned(), "write one, or leave the table out")
        } else {
            (codes::TOO_LARGE, format!("a decision table has at most {MAX_ROWS} rows"), "divide it into several tables")
        };
        found.push(Diagnostic::error(code, key, message).help(help));
        return None;
    }
    Some(items.iter().filter_map(|node| columns.row(node, key, found)).collect())
}

struct Columns<'f> {
    inputs: &'f [InputFile],
    outputs: &'f [OutputFile],
}

impl Columns<'_> {
    fn row(&self, node: &Node, key: Span, found: &mut Found) -> Option<RowFile> {
        match &node.shape {
            Shape::List(cells) => self.listed(cells, node.span, found),
            Shape::Map(_) => self.mapped(node, found),
            _ => {
                let finding = reading::wrong_shape(node, key, "a row", "a list of cells, or a mapping");
                found.push(finding.help(format!("write {}", self.example())));
                None
            }
        }
    }

    fn example(&self) -> String {
        let inputs = self.inputs.iter().map(|_| "\"-\"".to_owned());
        let outputs = self.outputs.iter().map(|output| output.name.value.clone());
        format!("[{}]", inputs.chain(outputs).collect::<Vec<_>>().join(", "))
    }

    fn listed(&self, cells: &[Node], span: Span, found: &mut Found) -> Option<RowFile> {
        let wanted = self.inputs.len() + self.outputs.len();
        let span = cells.last().map_or(span, |last| Span::new(span.start, last.span.end.max(span.end)));
        if cells.len() != wanted {
            let message = format!("the row has {} cells, the table has {wanted} columns", cells.len());
            let help = format!("inputs first, then outputs: {}", self.example());
            found.push(Diagnostic::error(codes::ROW_LENGTH, span, message).help(help));
            let strays = cells.iter().filter_map(|node| cell(node, span, found)).collect();
            let (inputs, outputs) = (vec![None; self.inputs.len()], vec![None; self.outputs.len()]);
            return Some(RowFile { span, inputs, outputs, strays, from: None, until: None, note: None });
        }
        let (inputs, outputs) = cells.split_at(self.inputs.len());
        let mut texts = |nodes: &[Node]| nodes.iter().map(|node| cell(node, span, found)).collect();
        let (inputs, outputs) = (texts(inputs), texts(outputs));
        Some(RowFile { span, inputs, outputs, strays: Vec::new(), from: None, until: None, note: None })
    }

    fn mapped(&self, node: &Node, found: &mut Found) -> Option<RowFile> {
        let inputs = self.inputs.iter().map(|input| input.name.value.as_str());
        let outputs = self.outputs.iter().map(|output| output.name.value.as_str());
        let allowed: Vec<_> = inputs.clone().chain(outputs).chain(ROW_KEYS).collect();
        let keys = Keys::of(node, node.span, "a row", &allowed, found)?;
        // It was told where that belongs; that it is half a row follows from it.
        if OTHERWISE.iter().any(|word| !allowed.contains(word) && keys.get(word).is_some()) {
            return None;
        }
        let any = || Some(Spot::new(Scalar { text: "-".to_owned(), plain: false }, node.span));
        let inputs = inputs.map(|name| keys.get(name).map_or_else(any, |(key, node)| cell(node, key, found))).collect();
        let outputs = self.outputs_of(&keys, "a row", found);
        let mut text =
            |name: &str| keys.get(name).and_then(|(key, node)| reading::text(node, key, &format!("`{name}`"), found));
        let (from, until, note) = (text("from"), text("until"), text("note").map(|note| note.value.text));
        Some(RowFile { span: node.span, inputs, outputs, strays: Vec::new(), from, until, note })
    }

    fn outputs_of(&self, keys: &Keys<'_>, what: &str, found: &mut Found) -> Vec<Option<Text>> {
        let one = |output: &OutputFile| {
            let name = output.name.value.as_str();
            let (key, node) = keys.need(name, what, &format!("give the output: {name}: ..."), found)?;
            cell(node, key, found)
        };
        self.outputs.iter().map(one).collect()
    }

    fn otherwise(&self, node: &Node, key: Span, found: &mut Found) -> Option<Vec<Option<Text>>> {
        let names: Vec<_> = self.outputs.iter().map(|output| output.name.value.as_str()).collect();
        match (&node.shape, self.outputs) {
            (Shape::Map(_) | Shape::Empty, _) => {
                let keys = Keys::of(node, key, "`otherwise`", &names, found)?;
                Some(self.outputs_of(&keys, "`otherwise`", found))
            }
            (Shape::List(cells), outputs) if cells.len() == outputs.len() => {
                Some(cells.iter().map(|node| cell(node, key, found)).collect())
            }
            (Shape::Scalar(_), [_]) => Some(vec![cell(node, key, found)]),
            _ => {
                let finding = reading::wrong_shape(node, key, "`otherwise`", "a mapping of the outputs");
                let shown: Vec<_> = names.iter().map(|name| format!("{name}: ...")).collect();
                found.push(finding.help(format!("write {{ {} }}", shown.join(", "))));
                None
            }
        }
    }
}

/// The text of a cell. YAML takes `[1..5]` for a list and `null` for nothing.
fn cell(node: &Node, key: Span, found: &mut Found) -> Option<Text> {
    match &node.shape {
        Shape::Scalar(scalar) => Some(Spot::new(scalar.clone(), node.span)),
        Shape::Empty if node.span.end > node.span.start => {
            Some(Spot::new(Scalar { text: "null".to_owned(), plain: false }, node.span))
        }
        Shape::List(items) => {
            let texts: Vec<_> = items.iter().filter_map(Node::text).collect();
            let help = match texts.as_slice() {
                [one] if one.contains("..") => format!("an interval needs quotes around it: \"[{one}]\""),
                texts if texts.len() == items.len() && !texts.is_empty() => {
                    let bare = |text: &str| text.starts_with(char::is_alphabetic) && !text.contains(['.', '(']);
                    let quoted = texts.iter().map(|t| if bare(t) { format!("\"{t}\"") } else { (*t).to_owned() });
                    let all = quoted.collect::<Vec<_>>().join(", ");
                    format!("several values stand in one text, with commas: '{all}'")
                }
                _ => "write the test as a text in quotes".to_owned(),
            };
            found.push(reading::wrong_shape(node, key, "a cell", "a text").help(help));
            None
        }
        Shape::Empty => {
            let finding = Diagnostic::error(shared::EMPTY, key, "a cell is empty").label("nothing here");
            found.push(finding.help("for any value at all write \"-\""));
            None
        }
        Shape::Map(_) => {
            found.push(reading::wrong_shape(node, key, "a cell", "a text").help("write the test as a text in quotes"));
            None
        }
    }
}
