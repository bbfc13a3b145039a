//! Decision tables of a file: names that expressions read, each seeing those before it.

use std::sync::Arc;

use crate::definition::chart::Ties;
use crate::definition::codes;
use crate::definition::file::Name;
use crate::definition::yaml::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::expression::Type;
use crate::table;

use super::Checker;

/// How many tables a file has: each may read all before it.
const MOST_TABLES: usize = 100;

impl Checker<'_> {
    /// The tables, and their names as variables of all expressions.
    pub(super) fn read_tables(&mut self, files: &[(Name, Node)]) {
        for (n, (name, node)) in files.iter().enumerate() {
            if n == MOST_TABLES {
                let message = format!("a file has at most {MOST_TABLES} decision tables, this has {}", files.len());
                self.error(codes::TOO_LARGE, name.span, message, "divide the workflow, or put rows into one table");
                break;
            }
            if self.env.get(&name.value).is_some()
                || ["event", "actor", "on_behalf_of", "value"].contains(&name.value.as_str())
            {
                let message = format!("a table cannot be called `{}`: expressions know that name already", name.value);
                self.error(codes::RESERVED, name.span, message, "give the table another name");
                continue;
            }
            // Without the subject nearly every name would be unknown.
            if self.subject.is_none() {
                self.broken_tables.insert(name.value.clone());
                continue;
            }
            let env = self.env.clone();
            match table::compile(&name.value, node, name.span, self.source, &env, &mut self.found) {
                Some(table) => {
                    for path in table.fields_read() {
                        self.reads(path.split('.').next().unwrap_or_default());
                    }
                    self.env = env.with(name.value.as_str(), table.ty());
                    self.tables.push(Arc::new(table));
                }
                None => drop(self.broken_tables.insert(name.value.clone())),
            }
        }
    }

    /// What names that expressions and arrows use have to do with the subject.
    pub(super) fn ties(&self) -> Option<Ties> {
        Some(Ties::of(self.subject.as_ref()?, &self.tables, self.vocabulary))
    }

    /// Tables that no expression reads. What reads one may be what is wrong: while there are errors nothing is said.
    pub(super) fn unread_tables(&mut self, files: &[(Name, Node)]) {
        if self.found.iter().any(|finding| finding.severity == Severity::Error) {
            return;
        }
        for ((name, _), table) in files.iter().zip(&self.tables) {
            if self.read.contains(&name.value) {
                continue;
            }
            let value = match (table.ty(), table.outputs().next()) {
                (Type::Record(_), Some((output, _))) => format!("{}.{output}", name.value),
                _ => name.value.clone(),
            };
            self.found.push(
                Diagnostic::warning(codes::UNREAD_TABLE, name.span, format!("nothing reads the table `{}`", name.value))
                    .label("decides nothing")
                    .help(format!(
                        "read `{value}` where something is to depend on it (in an `if`, under `set`, as a `plan`), or leave the \
                         table out"
                    )),
            );
        }
    }

    /// Notes a name that something reads, and whether it is a fact.
    pub(super) fn reads(&mut self, name: &str) {
        self.read.insert(name.to_owned());
        if let Some((name, fact)) = self.vocabulary.facts.get_key_value(name) {
            self.facts.insert(name.clone());
            self.uses(name, fact.major);
        }
    }
}
