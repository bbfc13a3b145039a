//! What the definitions in play demand, said a second time and plainly; and a definition drawn at random.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_workflows::Procurement;

use super::company::{Company, PEOPLE, anybody, person};
use super::dice::Dice;

/// A resolver of approvals.md, section 3.
#[derive(Clone, Debug)]
pub enum Find {
    /// These people.
    People(Vec<String>),
    /// The person in a field.
    Field(&'static str),
    /// Who has the role in the unit that the subject names.
    Role(&'static str),
    /// The requester's manager, or everybody above: what a chain may reach too.
    Above,
}

/// Who may send an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Anybody.
    Anyone,
    /// Who asked.
    Requester,
    /// A buyer of the subject's unit.
    Buyer,
    /// The same; of an order without a unit any buyer.
    OrderBuyer,
    /// Who asked, a buyer of an order, or who keeps a warehouse, which nobody does here.
    Receiver,
}

/// A workflow's rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Fields whose people never decide.
    pub never: Vec<&'static str>,
    /// Nor do editors.
    pub editors: bool,
    /// Nor who stands in for those.
    pub never_substitutes: bool,
    /// Administrators of its approval.
    pub administrators: Vec<String>,
    /// By step: everybody that it may ever name.
    pub steps: BTreeMap<String, Vec<Find>>,
    /// By event and a prefix of the state.
    pub events: Vec<(&'static str, &'static str, Sender)>,
}

impl Rules {
    /// Who may send `event` in `state`; `None`: nobody.
    #[must_use]
    pub fn sender(&self, event: &str, state: &str) -> Option<Sender> {
        self.events.iter().find(|(e, prefix, _)| *e == event && state.starts_with(prefix)).map(|(_, _, who)| *who)
    }
}

impl Find {
    fn yaml(&self, dice: &mut Dice) -> String {
        match self {
            Self::People(people) => format!("{{ person: [{}] }}", people.join(", ")),
            Self::Field(field) => format!("{{ field: {field} }}"),
            Self::Role(role) => format!("{{ role: {role}, unit_field: unit }}"),
            Self::Above => dice
                .one(&["{ manager: requester }", "{ manager: requester, levels: 2 }", "{ chain: requester }"])
                .into(),
        }
    }

    fn draw(dice: &mut Dice) -> Self {
        match dice.below(6) {
            0 => Self::Field("owner"),
            1 => Self::Above,
            2 => Self::Role(dice.one(&["buyer", "legal"])),
            _ => Self::People(several(dice)),
        }
    }

    /// Everybody whom it could name, given the values of the subject's fields.
    #[must_use]
    pub fn could_name(&self, company: &Company, field: &dyn Fn(&str) -> Option<String>) -> BTreeSet<String> {
        match self {
            Self::People(people) => people.iter().cloned().collect(),
            Self::Field(name) => field(name).into_iter().collect(),
            Self::Role(role) => {
                let unit = field("unit").unwrap_or_default();
                company.roles.get(&(unit, (*role).to_owned())).into_iter().flatten().cloned().collect()
            }
            Self::Above => field("requester").map(|who| company.above(&who)).unwrap_or_default(),
        }
    }
}

fn several(dice: &mut Dice) -> Vec<String> {
    let mut people: Vec<String> = (0..PEOPLE).map(person).collect();
    dice.shuffle(&mut people);
    people.truncate(2 + dice.below(3));
    people
}

/// The rules of the shipped definitions.
#[must_use]
pub fn shipped() -> BTreeMap<String, Rules> {
    let manager = ("manager".to_owned(), vec![Find::Above]);
    let rules = |steps: BTreeMap<String, Vec<Find>>, events| Rules {
        never: vec!["requester"],
        editors: false,
        never_substitutes: false,
        administrators: Vec::new(),
        steps,
        events,
    };
    let order = [manager.clone(), ("buyers".into(), vec![Find::Role("buyer")]), ("chain".into(), vec![Find::Above])];
    let order_events = vec![
        ("edit", "draft", Sender::Requester),
        ("edit", "open.review", Sender::Requester),
        ("submit", "draft", Sender::Requester),
        ("cancel", "draft", Sender::Requester),
        ("cancel", "open", Sender::Requester),
        ("recall", "open.review", Sender::Requester),
        ("sent", "open.ordering", Sender::OrderBuyer),
        ("receive", "ordered", Sender::Receiver),
        ("cancel", "ordered", Sender::OrderBuyer),
        ("close", "ordered", Sender::OrderBuyer),
        ("close", "received", Sender::OrderBuyer),
    ];
    let request_events = vec![
        ("edit", "draft", Sender::Requester),
        ("submit", "draft", Sender::Requester),
        ("withdraw", "draft", Sender::Requester),
        ("withdraw", "asked", Sender::Requester),
        ("bought", "granted", Sender::Buyer),
    ];
    BTreeMap::from([
        ("purchase_order".to_owned(), rules(order.into(), order_events)),
        ("requisition".to_owned(), rules([manager].into(), request_events)),
    ])
}

/// The events of every panel.
fn panel_events() -> Vec<(&'static str, &'static str, Sender)> {
    vec![
        ("edit", "draft", Sender::Anyone),
        ("edit", "asking", Sender::Anyone),
        ("submit", "draft", Sender::Requester),
        ("recall", "asking", Sender::Requester),
        ("drop", "asking", Sender::Requester),
        ("release", "held", Sender::Buyer),
    ]
}

const EDIT: &str = r#"set:
          owner: "event.owner != null ? event.owner : doc.owner"
          amount: "event.amount != null ? event.amount : doc.amount"
          unit: "event.unit != null ? event.unit : doc.unit"
          note: "event.note != null ? event.note : doc.note""#;

/// A definition `panel` with a random approval, and its rules. Not every one compiles.
pub fn panel(dice: &mut Dice) -> (String, Rules) {
    let editors = dice.chance(30);
    let never: Vec<&str> = dice.one(&[vec!["requester"], vec!["requester", "owner"], vec!["owner"], vec![]]);
    let mut words = never.clone();
    if editors {
        words.push("editors");
    }
    let never_substitutes = dice.chance(20);
    let mut approval = String::new();
    let _ = writeln!(approval, "      never: [{}]", words.join(", "));
    let _ = writeln!(approval, "      never_substitutes: {never_substitutes}");
    let _ = writeln!(approval, "      same_person: {}", dice.one(&["each", "once"]));
    let _ = writeln!(approval, "      reapprove: {}", dice.one(&["affected", "all", "none"]));
    let _ = writeln!(approval, "      after_changes: {}", dice.one(&["resume", "restart"]));
    let _ = writeln!(approval, "      administrators: [p0]");
    let _ = writeln!(approval, "      expires_after: {}", dice.one(&["9 days", "30 days"]));
    if dice.chance(40) {
        let _ = writeln!(approval, "      tolerance: {{ amount: {{ percent: 5 }} }}");
    }
    let (mut steps, mut known) = (String::new(), BTreeMap::new());
    let count = 1 + dice.below(3);
    for n in 0..count {
        let (yaml, names) = step(dice, n);
        steps.push_str(&yaml);
        known.insert(format!("s{n}"), names);
    }
    if count > 1 && dice.chance(25) {
        approval.push_str("      distinct: [[s0, s1]]\n");
    }
    let _ = write!(approval, "      steps:\n{steps}");
    let yaml = format!("{}{approval}{}", head(), tail());
    let rules = Rules {
        never,
        editors,
        never_substitutes,
        administrators: vec!["p0".to_owned()],
        steps: known,
        events: panel_events(),
    };
    (yaml, rules)
}

fn head() -> String {
    format!(
        r"workflow: panel
version: 1
subject:
  name: doc
  fields: {{ requester: person, owner: person?, amount: money, category: text?, unit: text, note: text? }}
start: draft
events:
  edit: {{ payload: {{ owner: person?, amount: money?, unit: text?, note: text? }} }}
states:
  draft:
    on:
      edit:
        by: anyone
        {EDIT}
      submit: {{ by: doc.requester, to: asking }}
    after: {{ in: 20 days, to: gone }}
  asking:
    approval:
"
    )
}

fn tail() -> String {
    format!(
        r#"    on:
      edit:
        by: anyone
        {EDIT}
      recall: {{ by: doc.requester, to: draft }}
      drop: {{ by: doc.requester, reason: required, to: gone }}
      approved: {{ to: weighing }}
      rejected: {{ to: refused }}
      changes_requested: {{ to: draft }}
      expired: {{ to: gone }}
  # An amount in another currency cannot be compared: an incident.
  weighing:
    always:
      - {{ if: doc.amount > 1000 EUR, to: held }}
      - {{ to: done }}
  held:
    on:
      release: {{ by: role(buyer)@doc.unit, to: done }}
    after:
      - {{ in: 1 day, set: {{ note: '"late"' }} }}
      - {{ in: 5 days, to: gone }}
  done: {{ final: true }}
  refused: {{ final: true }}
  gone: {{ final: true }}
"#
    )
}

fn step(dice: &mut Dice, n: usize) -> (String, Vec<Find>) {
    let mut names: Vec<Find> = (0..1 + dice.below(2)).map(|_| Find::draw(dice)).collect();
    let who: Vec<String> = names.iter().map(|find| find.yaml(dice)).collect();
    let quorum = dice.one(&["any", "all", "{ count: 2 }", "{ percent: 50 }", "{ percent: 66.6 }"]);
    let mut yaml = format!("        - name: s{n}\n          who: [{}]\n          quorum: {quorum}\n", who.join(", "));
    let _ = writeln!(yaml, "          order: {}", 1 + dice.below(2));
    let _ = writeln!(yaml, "          reject: {}", dice.one(&["first", "unanimous"]));
    if dice.chance(30) {
        yaml.push_str("          covers: [amount]\n");
    }
    if dice.chance(25) {
        yaml.push_str("          in_order: true\n");
    }
    match dice.below(3) {
        0 => {
            let fallback = Find::People(several(dice));
            let _ = writeln!(yaml, "          on_empty: fallback\n          fallback: [{}]", fallback.yaml(dice));
            names.push(fallback);
        }
        1 => yaml.push_str("          on_empty: next\n"),
        _ => {}
    }
    if dice.chance(50) {
        let (after, what) = (dice.one(&["3 hours", "2 days"]), dice.one(&["remind", "incident", "reject", "escalate"]));
        let _ = writeln!(yaml, "          late: [{{ after: {after}, do: {what} }}]");
    }
    if dice.chance(20) {
        let _ = writeln!(yaml, "          veto: [{}]", anybody(dice));
    }
    (yaml, names)
}

/// The shipped definitions and the sources given.
///
/// # Errors
/// What is wrong with them.
pub fn library(domain: &Procurement, more: &[(&str, String)]) -> Result<Library, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
    let read =
        |name: &str| (format!("{name}.yaml"), std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap());
    let mut sources = vec![read("purchase_order"), read("requisition")];
    sources.extend(more.iter().map(|(name, source)| (format!("{name}.yaml"), source.clone())));
    Library::load(sources, domain.vocabulary()).map(|(library, _)| library).map_err(|refused| {
        let shown = refused.iter().flat_map(|(path, source, all)| all.iter().map(|d| d.render(path, source)));
        shown.collect::<Vec<_>>().join("\n")
    })
}
