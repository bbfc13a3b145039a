//! The settings that there are: what each is for, what holds where nobody has set it, and what may stand in it.

use std::collections::BTreeSet;
use std::time::Duration;

use fluxor_engine::command::Change;
use fluxor_engine::definition::Library;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use serde_json::{Value, json};

use crate::webhooks::{self, Allowed};
use crate::{limits, mail};

/// The kind of record that a setting is.
pub(crate) const RECORD: &str = "setting";

/// The longest document, bytes: what is checked is bounded before.
const LONGEST: usize = 256 * 1024;

/// What documents are judged by, beside themselves.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The fields that subjects have.
    pub fields: &'a BTreeSet<String>,
    /// Where endpoints may stand beside public addresses.
    pub allowed: &'a Allowed,
    /// How long a request may take.
    pub longest: Duration,
}

/// What is wrong with a document: JSON Pointer and sentence each.
type Check = fn(&Value, Beside<'_>) -> Vec<(String, String)>;

/// A setting.
pub(crate) struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What holds where nobody has set it.
    pub usual: fn() -> Value,
    /// What is wrong with a document.
    check: Check,
    /// Whether only the tenant that runs the server has it.
    operator: bool,
}

/// All of them.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: limits::TENANT,
        about: "How much each person, key, address or object may ask of this tenant.",
        usual: limits::usual,
        check: |document, beside| limits::faults(document, beside.longest),
        operator: false,
    },
    Kind {
        name: limits::SERVER,
        about: "How much an address may ask of this server, before it is known who asks. Only in the tenant that runs it.",
        usual: limits::usual_of_server,
        check: |document, beside| limits::faults_of_server(document, beside.longest),
        operator: true,
    },
    Kind {
        name: webhooks::SETTING,
        about: "Who hears of every transition, where, and of which. Their secrets are made by `fluxor webhooks secret`.",
        usual: webhooks::usual,
        check: |document, beside| webhooks::faults(document, beside.allowed),
        operator: false,
    },
    Kind {
        name: mail::TEMPLATES,
        about: "What mails to people say: templates by their names, such as `approved.subject`; what is left out is as the server has it.",
        usual: || json!({}),
        check: |document, beside| mail::faults(document, beside.fields),
        operator: false,
    },
];

/// The setting of that name.
pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// That there is none of that name, and what lists all.
pub(crate) fn unknown(name: &str, lists: &str) -> String {
    let near = nearest(name, KINDS.iter().map(|kind| kind.name));
    let hint = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    let shown: String = name.chars().take(80).collect();
    format!("There is no setting `{shown}`.{hint} {lists} lists all.")
}

/// The version and the document that hold by a row (null: nobody has set it; then version 0, and what is usual).
pub(crate) fn in_force(row: &Value, usual: fn() -> Value) -> (i64, Value) {
    match row["version"].as_i64() {
        Some(version) => (version, row["document"].clone()),
        None => (0, usual()),
    }
}

impl Kind {
    /// Names in a document that nothing has as long as these definitions are in force, a sentence each. They hinder nothing.
    pub(crate) fn strangers(&self, document: &Value, library: &Library) -> Vec<String> {
        if self.name == webhooks::SETTING { webhooks::warnings(document, library) } else { Vec::new() }
    }

    /// The change that replaces the document, if it may stand there.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn change(
        &self,
        tenant: TenantId,
        operator: TenantId,
        document: Value,
        expected: Option<i64>,
        beside: Beside<'_>,
    ) -> Result<Change, Refusal> {
        if self.operator && tenant != operator {
            let rule = format!("a key of the tenant that runs the server ({operator})");
            return Err(Refusal::NotAllowed { rule: rule.into() });
        }
        if document.to_string().len() > LONGEST {
            let why = format!("the document is longer than {LONGEST} bytes");
            return Err(Refusal::Invalid(vec![(String::new(), why)]));
        }
        let faults = (self.check)(&document, beside);
        if !faults.is_empty() {
            return Err(Refusal::Invalid(faults));
        }
        Ok(self.unchecked(document, expected))
    }

    /// The change, whatever the document says.
    pub(crate) fn unchecked(&self, document: Value, expected: Option<i64>) -> Change {
        let mut params = Document::from_iter([("document".to_owned(), document)]);
        params.extend(expected.map(|version| ("expected".to_owned(), version.into())));
        Change::Record { kind: RECORD.into(), key: self.name.into(), action: "set_setting".into(), params }
    }
}
