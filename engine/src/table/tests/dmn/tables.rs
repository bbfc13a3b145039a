//! A DMN decision table in our form. Names of FEEL have blanks: variables become `v0`, `v1`, ..., inputs `i0`, and an
//! output that our language has no expression for is computed beforehand and becomes a variable too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use roxmltree::Node;
use rust_decimal::Decimal;

use super::eval::Scope;
use super::feel::{Token, lex};
use super::model::{Model, child, children, text_of};
use crate::expression::{Env, RecordType, Type, Value};
use crate::table::tests::table_in;
use crate::table::{Hit, Table};

/// What our table sees, while it is written.
#[derive(Default)]
struct Names {
    values: BTreeMap<String, Value>,
    types: BTreeMap<String, (Type, bool)>,
    known: BTreeMap<String, String>,
}

impl Names {
    fn add(&mut self, ours: String, value: Value, declared: Option<Type>) {
        let nullable = matches!(value, Value::Null);
        let ty = if nullable { declared.unwrap_or(Type::Text) } else { type_of(&value) };
        self.types.insert(ours.clone(), (ty, nullable));
        self.values.insert(ours, value);
    }

    fn env(&self) -> Env {
        self.types.iter().fold(Env::new(), |env, (name, (ty, nullable))| {
            if *nullable { env.with_nullable(name, ty.clone()) } else { env.with(name, ty.clone()) }
        })
    }
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Decimal(_) => Type::Decimal,
        Value::Date(_) => Type::Date,
        Value::Timestamp(_) => Type::Timestamp,
        Value::Duration(_) => Type::Duration,
        Value::List(items) => Type::list(items.first().map_or(Type::Text, type_of)),
        Value::Record(fields) => {
            let mut record = RecordType::new("context");
            for (name, value) in fields.iter() {
                record = match value {
                    Value::Null => record.with_nullable(&**name, Type::Text),
                    value => record.with(&**name, type_of(value)),
                };
            }
            Type::Record(Arc::new(record))
        }
        _ => Type::Text,
    }
}

fn hit(node: Node<'_, '_>) -> Result<Hit, String> {
    Ok(match (node.attribute("hitPolicy").unwrap_or("UNIQUE"), node.attribute("aggregation")) {
        ("UNIQUE", _) => Hit::Unique,
        ("ANY", _) => Hit::Any,
        ("FIRST", _) => Hit::First,
        ("PRIORITY", _) => Hit::Priority,
        ("OUTPUT ORDER", _) => Hit::OutputOrder,
        ("RULE ORDER", _) => Hit::RuleOrder,
        ("COLLECT", None) => Hit::Collect,
        ("COLLECT", Some("SUM")) => Hit::Sum,
        ("COLLECT", Some("MIN")) => Hit::Min,
        ("COLLECT", Some("MAX")) => Hit::Max,
        ("COLLECT", Some("COUNT")) => Hit::Count,
        other => return Err(format!("the hit policy {other:?} is not there")),
    })
}

/// A text in YAML.
fn yaml(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl Model {
    /// Evaluates the decision table `node`.
    pub(super) fn table(&self, node: Node<'_, '_>, scope: &Scope) -> Result<Value, String> {
        let hit = hit(node)?;
        let mut names = Names::default();
        let mut source = format!("hit: {hit}\nin:\n");
        for (at, input) in children(node, "input").enumerate() {
            let expression = child(input, "inputExpression").ok_or("an input without an expression")?;
            let value = self.feel(&text_of(expression), scope)?;
            let declared = expression.attribute("typeRef").and_then(|ty| self.our_type(ty));
            names.add(format!("i{at}"), value, declared);
            let _ = writeln!(source, "  c{at}: i{at}");
        }
        let mut rows = String::new();
        let mut types: Vec<(Option<Type>, bool)> = vec![(None, false); children(node, "output").count()];
        for (at, rule) in children(node, "rule").enumerate() {
            let mut cells = Vec::new();
            for entry in children(rule, "inputEntry") {
                cells.push(yaml(&self.cell(&text_of(entry), scope, &mut names)?));
            }
            for (column, entry) in children(rule, "outputEntry").enumerate() {
                let name = format!("r{at}_{column}");
                cells.push(yaml(&self.output(&text_of(entry), name, scope, &mut names, &mut types[column])?));
            }
            let _ = writeln!(rows, "  - [{}]", cells.join(", "));
        }
        let otherwise = self.otherwise(node, hit, scope, &mut names, &mut types)?;
        source.push_str("out:\n");
        for (at, (output, (ty, nullable))) in children(node, "output").zip(&types).enumerate() {
            let ty = ty.clone().unwrap_or(Type::Text);
            let _ = write!(source, "  o{at}: {{ type: \"{ty}{}\"", if *nullable { "?" } else { "" });
            if let Some(values) = child(output, "outputValues").filter(|_| hit.is_ordered()) {
                let _ = write!(source, ", values: [{}]", self.values(&text_of(values))?.join(", "));
            }
            source.push_str(" }\n");
        }
        let _ = write!(source, "rows:\n{rows}{otherwise}");
        let table = table_in(&source, &names.env());
        let scope = |name: &str| names.values.get(name).cloned();
        // A table that contradicts its hit policy has no value.
        let hits = table.eval(&scope, jiff::civil::date(2026, 1, 1));
        Ok(hits.ok().and_then(|hits| hits.value().map(|value| plain(node, &table, value))).unwrap_or(Value::Null))
    }

    /// The defaults of the outputs, if there are some.
    fn otherwise(
        &self,
        node: Node<'_, '_>,
        hit: Hit,
        scope: &Scope,
        names: &mut Names,
        types: &mut [(Option<Type>, bool)],
    ) -> Result<String, String> {
        let defaults: Vec<_> = children(node, "output").map(|output| child(output, "defaultOutputEntry")).collect();
        if hit == Hit::Count || defaults.iter().all(Option::is_none) {
            return Ok(String::new());
        }
        let mut cells = Vec::new();
        for (at, default) in defaults.into_iter().enumerate() {
            let text = default.map_or_else(|| "null".to_owned(), text_of);
            let value = self.output(&text, format!("d{at}"), scope, names, &mut types[at])?;
            cells.push(format!("o{at}: {}", yaml(&value)));
        }
        Ok(format!("otherwise: {{ {} }}\n", cells.join(", ")))
    }

    /// The values of a list of unary tests that are constants, as they stand in YAML.
    fn values(&self, text: &str) -> Result<Vec<String>, String> {
        let constants = lex(text, &self.names)?.into_iter().filter(|token| *token != Token::Symbol(","));
        constants.map(|token| Ok(yaml(&written(&token).ok_or("output values that are not constants")?))).collect()
    }

    /// An output as an expression of ours: a constant as it is, another as a variable that has its value.
    fn output(
        &self,
        text: &str,
        name: String,
        scope: &Scope,
        names: &mut Names,
        ty: &mut (Option<Type>, bool),
    ) -> Result<String, String> {
        let value = self.feel(text, scope)?;
        ty.1 |= matches!(value, Value::Null);
        if !matches!(value, Value::Null) {
            ty.0.get_or_insert_with(|| type_of(&value));
        }
        let tokens = lex(text, &self.names)?;
        if let [token] = tokens.as_slice()
            && let Some(constant) = written(token)
        {
            return Ok(constant);
        }
        names.add(name.clone(), value, ty.0.clone());
        Ok(name)
    }

    /// A cell in our tests: names are replaced, all else is the same but for the words of FEEL.
    fn cell(&self, text: &str, scope: &Scope, names: &mut Names) -> Result<String, String> {
        let mut out = String::new();
        let tokens = lex(text, &self.names)?;
        for (at, token) in tokens.iter().enumerate() {
            let field = at.checked_sub(1).and_then(|at| tokens.get(at)) == Some(&Token::Symbol("."));
            let called = tokens.get(at + 1) == Some(&Token::Symbol("("));
            match token {
                Token::Name(name) if field => {
                    let _ = write!(out, "`{name}`");
                }
                Token::Name(name) if called && name == "date and time" => out.push_str("timestamp"),
                Token::Name(name) if called => out.push_str(name),
                Token::Name(name) => {
                    let next = format!("v{}", names.known.len());
                    let ours = names.known.entry(name.clone()).or_insert_with(|| next).clone();
                    if !names.values.contains_key(&ours) {
                        names.add(ours.clone(), self.variable(name, scope)?, None);
                    }
                    out.push_str(&ours);
                }
                Token::Symbol(symbol) => out.push_str(symbol),
                Token::Word("and") => out.push_str(" && "),
                Token::Word("or") => out.push_str(" || "),
                token => out.push_str(&written(token).unwrap_or_default()),
            }
        }
        Ok(out)
    }

    /// Our type for one of DMN's.
    fn our_type(&self, ty: &str) -> Option<Type> {
        Some(match ty {
            "number" => Type::Decimal,
            "string" => Type::Text,
            "boolean" => Type::Bool,
            "date" => Type::Date,
            "dateTime" | "date and time" => Type::Timestamp,
            other => return self.our_type(&self.refined(other, None)?),
        })
    }
}

/// A constant or a word in our language.
fn written(token: &Token) -> Option<String> {
    Some(match token {
        Token::Number(number) => number.to_string(),
        Token::Text(text) => yaml(text),
        Token::Word(word @ ("true" | "false" | "null" | "not")) => (*word).to_owned(),
        _ => return None,
    })
}

/// Our result with DMN's names; a single output stands by itself.
fn plain(node: Node<'_, '_>, table: &Table, value: &Value) -> Value {
    let names: Vec<_> = children(node, "output").map(|output| output.attribute("name").unwrap_or_default()).collect();
    match value {
        Value::List(items) => Value::list(items.iter().map(|item| plain(node, table, item))),
        Value::Int(count) => Value::Decimal(Decimal::from(*count)),
        Value::Record(fields) => {
            let values = table.outputs().map(|(name, _)| fields.get(name).cloned().unwrap_or(Value::Null));
            let values: Vec<_> = values.collect();
            match (values.as_slice(), names.as_slice()) {
                ([one], _) => one.clone(),
                _ => Value::record(names.iter().copied().zip(values.iter().cloned())),
            }
        }
        other => other.clone(),
    }
}
