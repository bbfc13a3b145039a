//! The project's files as text, and Rust files with comments and literals told apart from code.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The project's folder. What cargo says at run time goes first: a copy of the project may have been built elsewhere.
pub(super) fn root() -> PathBuf {
    let own = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&own).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A text file of the project.
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    pub(super) fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| own == extension)
    }

    /// Files that hold nothing but tests: in a folder `tests`, or called `tests.rs`, `tests_*.rs`, `testing.rs`.
    pub(super) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| {
            let name = part.split('.').next().unwrap_or_default();
            matches!(name, "tests" | "testing" | "proptest-regressions") || name.starts_with("tests_")
        })
    }
}

/// Every text file that is the project's own, sorted by path. What the root's `.gitignore` names (folders and endings)
/// is not, and of the folders with a dot only those of the project are.
pub(super) fn files() -> Vec<File> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name == "target" || name == "node_modules" || name.contains(".sqlite") || name.ends_with(".profraw") {
            continue;
        }
        if entry.path().is_dir() {
            if !name.starts_with('.') || matches!(name.as_str(), ".ci" | ".config" | ".cargo") {
                walk(&entry.path(), &format!("{path}/"), found);
            }
        } else if name != ".git"
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push(File { path, text });
        }
    }
}

/// A Rust file, line by line: `code` has blanks where comments and literals were.
pub(super) struct Rust<'a> {
    pub(super) file: &'a File,
    pub(super) code: Vec<String>,
    /// String literals by the line they begin at.
    pub(super) strings: Vec<(usize, String)>,
}

/// A function: its name and its lines, from `fn` to the closing brace.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) lines: RangeInclusive<usize>,
}

impl<'a> Rust<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        let mut lexer = Lexer { rest: &file.text, code: String::with_capacity(file.text.len()), strings: Vec::new() };
        lexer.run();
        let code = lexer.code.lines().map(str::to_owned).collect();
        Self { file, code, strings: lexer.strings }
    }

    /// Code with its line numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.iter().map(String::as_str))
    }

    /// The functions that have a body.
    pub(super) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for (number, line) in self.lines() {
            for (at, _) in line.match_indices("fn ") {
                let before = line[..at].chars().next_back();
                let name: String = line[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if before.is_none_or(|c| c.is_whitespace() || c == '(') && !name.is_empty() {
                    let end = self.end_of_item(number, at);
                    found.extend(end.map(|end| Function { name, lines: number..=end }));
                }
            }
        }
        found
    }

    /// Whether line `number` stands in an item under `#[cfg(test)]`.
    pub(super) fn test_lines(&self) -> Vec<RangeInclusive<usize>> {
        let marks = self.lines().filter(|(_, line)| line.trim_start().starts_with("#[cfg(test)]"));
        marks.map(|(number, _)| number..=self.end_of_item(number, 0).unwrap_or(number + 1)).collect()
    }

    /// The line of the brace that closes the item begun at a line and column; none if a `;` ends it first.
    fn end_of_item(&self, line: usize, column: usize) -> Option<usize> {
        let (mut round, mut braces) = (0_i32, 0_i32);
        for (number, code) in self.lines().skip(line - 1) {
            let from = if number == line { column } else { 0 };
            for c in code[from..].chars() {
                match c {
                    '(' | '[' => round += 1,
                    ')' | ']' => round -= 1,
                    '{' => braces += 1,
                    '}' if braces == 1 => return Some(number),
                    '}' => braces -= 1,
                    ';' if round == 0 && braces == 0 => return None,
                    _ => {}
                }
            }
        }
        None
    }
}

/// Blanks comments and literals, keeping line breaks where they were.
struct Lexer<'a> {
    rest: &'a str,
    code: String,
    strings: Vec<(usize, String)>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            let in_word = self.code.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
            if self.rest.starts_with("//") {
                self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.blank(block_comment(self.rest));
            } else if let Some(length) = raw_string(self.rest).filter(|_| !in_word) {
                self.literal(length);
            } else if first == '"' {
                self.literal(quoted(self.rest, '"'));
            } else if let Some(length) = character(self.rest) {
                self.blank(length);
            } else {
                self.code.push(first);
                self.rest = &self.rest[first.len_utf8()..];
            }
        }
    }

    fn literal(&mut self, length: usize) {
        let line = self.code.matches('\n').count() + 1;
        self.strings.push((line, self.rest[..length].to_owned()));
        self.blank(length);
    }

    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        self.code.extend(gone.chars().map(|c| if c == '\n' { c } else { ' ' }));
        self.rest = rest;
    }
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a raw string with its prefix, if one begins here.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let after = &text[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(prefix.len() + hashes + 1 + end)
}

/// The length of a literal between two `mark`s, with its escapes.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal, if this is one and no lifetime.
fn character(text: &str) -> Option<usize> {
    let mut after = text.strip_prefix('\'')?.chars();
    let first = after.next()?;
    (first == '\\' || after.next() == Some('\'')).then(|| quoted(text, '\''))
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let text = "fn a<'x>(c: &'x str) -> [u8; 2] { // fn no() {}\n  let b = '{'; let s = \"} \\\" {\";\n  /* { /* */ } */\n  r#\"}\"#\n}\nfn b();\n";
    let file = File { path: "a.rs".into(), text: text.into() };
    let rust = Rust::new(&file);
    let found: Vec<_> = rust.functions().into_iter().map(|f| (f.name, f.lines)).collect();
    assert_eq!(found, [("a".to_owned(), 1..=5)]);
    assert_eq!(rust.strings, [(2, "\"} \\\" {\"".to_owned()), (4, "r#\"}\"#".to_owned())]);
}
