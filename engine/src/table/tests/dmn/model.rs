//! A model: its decisions, functions and types. Each boxed expression has one arm in `boxed`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use roxmltree::{Document, Node, NodeId};

use super::eval::Scope;
use crate::expression::Value;

/// A model file, and those that it imports.
pub(super) struct Model {
    text: String,
    /// The children of `definitions` by name: decisions, inputs, functions, services.
    elements: BTreeMap<String, NodeId>,
    pub(super) names: BTreeSet<String>,
    imports: Vec<(String, Model)>,
    /// The input values of the case; decisions may be given too.
    pub(super) given: BTreeMap<String, Value>,
    known: RefCell<BTreeMap<String, Value>>,
    /// How deep functions call each other.
    depth: RefCell<usize>,
}

fn tag<'a>(node: &Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// The element children called `name`.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

/// The text of a `text` inside.
pub(super) fn text_of(node: Node<'_, '_>) -> String {
    child(node, "text").and_then(|text| text.text()).unwrap_or_default().trim().to_owned()
}

/// The expression among the children of an element.
fn boxed_child<'a, 'i>(node: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    let kinds = ["literalExpression", "decisionTable", "context", "invocation"];
    node.children().find(|child| child.is_element() && kinds.contains(&child.tag_name().name()))
}

impl Model {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let document = Document::parse(&text).map_err(|error| error.to_string())?;
        let (mut elements, mut names, mut imports) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for node in document.descendants().filter(Node::is_element) {
            let kinds =
                ["decision", "inputData", "businessKnowledgeModel", "variable", "formalParameter", "itemComponent"];
            if let Some(name) = node.attribute("name").filter(|_| kinds.contains(&tag(&node))) {
                names.insert(name.to_owned());
            }
        }
        for node in document.root_element().children().filter(Node::is_element) {
            if let Some(name) = node.attribute("name") {
                elements.insert(name.to_owned(), node.id());
            }
            if let ("import", Some(prefix)) = (tag(&node), node.attribute("name")) {
                let wanted = node.attribute("namespace").unwrap_or_default();
                let imported = Self::imported(path, wanted)?;
                names.extend(imported.names.iter().flat_map(|name| [name.clone(), format!("{prefix}.{name}")]));
                imports.push((prefix.to_owned(), imported));
            }
        }
        let (known, depth) = (RefCell::default(), RefCell::default());
        drop(document);
        Ok(Self { text, elements, names, imports, given: BTreeMap::new(), known, depth })
    }

    /// The model of the namespace, which lies beside this one.
    fn imported(path: &Path, namespace: &str) -> Result<Self, String> {
        let folder = path.parent().ok_or("no folder")?;
        for other in super::files(folder, "dmn") {
            let text = std::fs::read_to_string(&other).map_err(|error| error.to_string())?;
            let document = Document::parse(&text).map_err(|error| error.to_string())?;
            if other != path && document.root_element().attribute("namespace") == Some(namespace) {
                return Self::read(&other);
            }
        }
        Err(format!("no model of the namespace {namespace}"))
    }

    fn document(&self) -> Document<'_> {
        Document::parse(&self.text).unwrap()
    }

    /// The value of a decision or an input; `None` if there is none of this name.
    pub(super) fn decision(&self, name: &str, _: &Scope) -> Option<Result<Value, String>> {
        if let Some(value) = self.given.get(name).or(self.known.borrow().get(name)) {
            return Some(Ok(value.clone()));
        }
        let document = self.document();
        let node = document.get_node(*self.elements.get(name)?)?;
        let value = match tag(&node) {
            "inputData" => Ok(Value::Null),
            "decision" => boxed_child(node).map_or(Ok(Value::Null), |inner| self.boxed(inner, &Vec::new())),
            "decisionService" => {
                let href = child(node, "outputDecision")?.attribute("href")?.trim_start_matches('#').to_owned();
                let output = document.descendants().find(|node| node.attribute("id") == Some(href.as_str()))?;
                self.decision(output.attribute("name")?, &Vec::new())?
            }
            _ => return None,
        };
        if let Ok(value) = &value {
            self.known.borrow_mut().insert(name.to_owned(), value.clone());
        }
        Some(value)
    }

    /// Calls a function of the model; `None` if there is none of this name.
    pub(super) fn invoke(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        if let Some((prefix, inner)) = name.split_once('.') {
            let (_, model) = self.imports.iter().find(|(known, _)| known == prefix)?;
            return model.invoke(inner, args);
        }
        let document = self.document();
        let node = document.get_node(*self.elements.get(name)?)?;
        let logic = child(node, "encapsulatedLogic")?;
        let parameters = children(logic, "formalParameter").filter_map(|node| node.attribute("name"));
        let scope: Scope = parameters.map(str::to_owned).zip(args.iter().cloned()).collect();
        let inner = boxed_child(logic)?;
        if *self.depth.borrow() > 64 {
            return Some(Err(format!("`{name}` calls itself too often")));
        }
        *self.depth.borrow_mut() += 1;
        let value = self.boxed(inner, &scope);
        *self.depth.borrow_mut() -= 1;
        Some(value)
    }

    fn boxed(&self, node: Node<'_, '_>, scope: &Scope) -> Result<Value, String> {
        match tag(&node) {
            "literalExpression" => self.feel(&text_of(node), scope),
            "decisionTable" => self.table(node, scope),
            "context" => self.context(node, scope),
            "invocation" => {
                let name = child(node, "literalExpression").map(text_of).unwrap_or_default();
                let mut bound = BTreeMap::new();
                for binding in children(node, "binding") {
                    let parameter = child(binding, "parameter").and_then(|node| node.attribute("name"));
                    let value = boxed_child(binding).map_or(Ok(Value::Null), |inner| self.boxed(inner, scope))?;
                    bound.insert(parameter.unwrap_or_default().to_owned(), value);
                }
                let args: Vec<_> = self
                    .parameters(&name)
                    .into_iter()
                    .map(|parameter| bound.get(&parameter).cloned().unwrap_or(Value::Null))
                    .collect();
                self.invoke(&name, &args).unwrap_or_else(|| Err(format!("`{name}` is not a function")))
            }
            other => Err(format!("a boxed {other} is not there")),
        }
    }

    fn parameters(&self, name: &str) -> Vec<String> {
        let document = self.document();
        let node = self.elements.get(name).and_then(|id| document.get_node(*id));
        let logic = node.and_then(|node| child(node, "encapsulatedLogic"));
        let parameters = logic.into_iter().flat_map(|logic| children(logic, "formalParameter"));
        parameters.filter_map(|node| node.attribute("name").map(str::to_owned)).collect()
    }

    fn context(&self, node: Node<'_, '_>, scope: &Scope) -> Result<Value, String> {
        let (mut inner, mut fields) = (scope.clone(), Vec::new());
        for entry in children(node, "contextEntry") {
            let value = boxed_child(entry).map_or(Ok(Value::Null), |node| self.boxed(node, &inner))?;
            let Some(name) = child(entry, "variable").and_then(|node| node.attribute("name")) else { return Ok(value) };
            inner.push((name.to_owned(), value.clone()));
            fields.push((name.to_owned(), value));
        }
        Ok(Value::record(fields.into_iter().map(|(name, value)| (std::sync::Arc::<str>::from(name), value))))
    }

    /// Calls `inner` with the declared type of the element `name`, and the model's document.
    pub(super) fn declared(&self, name: &str) -> Option<String> {
        let document = self.document();
        let node = document.get_node(*self.elements.get(name)?)?;
        child(node, "variable")?.attribute("typeRef").map(str::to_owned)
    }

    /// The type of a component of an item definition, or what the definition itself stands for.
    pub(super) fn refined(&self, ty: &str, component: Option<&str>) -> Option<String> {
        let document = self.document();
        let node = document.get_node(*self.elements.get(ty)?)?;
        let own = |node: Node<'_, '_>| child(node, "typeRef").and_then(|node| node.text()).map(str::to_owned);
        match component {
            None => own(node),
            Some(name) => {
                children(node, "itemComponent").find(|node| node.attribute("name") == Some(name)).and_then(own)
            }
        }
    }
}
