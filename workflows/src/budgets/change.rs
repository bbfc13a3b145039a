//! Changes of budgets that people approve: raised, lowered, or moved from one unit to another.
//!
//! What must hold: no budget falls below what orders hold of it, which is what is reserved and what is spent; the locked
//! rows are asked again when the change comes into force. A move writes both budgets in one commit.

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;
use fluxor_engine::expression::{RecordType, Type};
use fluxor_engine::instance::Document;
use fluxor_engine::money::Money;
use serde_json::Value as Json;

use crate::action::{Answer, Call, done, fail, instance, needs, refuse, require, subject_text};
use crate::money::shown;
use crate::organisation::no_such_unit;
use crate::row::{BudgetKey, BudgetRow, Keyed, Need, Op, Percent};
use crate::settings::Settings;
use crate::{Action, Subject};

/// The code of a proposal that cannot be.
const INVALID: &str = "invalid_budget_change";

const KINDS: [&str; 3] = ["raise", "lower", "move"];

const ON_CHANGES: &[&str] = &["budget_change"];

/// The subject.
pub(crate) const SUBJECT: Subject = Subject {
    name: "budget_change",
    major: 1,
    variable: "change",
    record: budget_change,
    computed: &["budget", "held", "share", "proposed", "answer"],
    options: &[("kind", &KINDS)],
    told: &[
        ("kind", "What is to be done", ""),
        ("unit", "Whose budget", "Of a move, whose grows."),
        ("from_unit", "Taken from", "Of a move, the unit whose budget shrinks."),
        ("amount", "By how much", ""),
        ("budget", "Budget as it was then", "When it was proposed; of a move, of the unit that gives."),
        ("held", "Held by orders", "Reserved or spent: so much of the budget cannot be taken."),
        ("share", "Share in %", "How much of the budget the change is, in percent."),
        ("proposed", "What it would change", ""),
    ],
    about: Some("proposed"),
    mirrored: &[],
};

fn budget_change() -> RecordType {
    RecordType::new("budget_change")
        .with("requester", Type::Person)
        .with("kind", Type::Text)
        .with("unit", Type::Text)
        .with_nullable("from_unit", Type::Text)
        .with("amount", Type::Money)
        .with_nullable("note", Type::Text)
        .with("budget", Type::Money)
        .with("held", Type::Money)
        .with("share", Type::Decimal)
        .with_nullable("proposed", Type::Text)
        .with_nullable("answer", Type::Text)
}

/// The actions.
pub(crate) static ACTIONS: &[Action] = &[
    Action {
        name: "propose_budget_change",
        major: 1,
        params: &[],
        subjects: ON_CHANGES,
        payload: &[],
        help: "Checks what is to be changed; computes the budget that it concerns, what orders hold of it, and the share in percent.",
        run: propose,
    },
    Action {
        name: "change_budget",
        major: 1,
        params: &[],
        subjects: ON_CHANGES,
        payload: &[],
        help: "Raises, lowers or moves the budget; refuses with `budget_below_held` what orders hold already, and with `budget_changed` a larger share than was proposed.",
        run: change_budget,
    },
];

/// The budgets of a proposal, and by how much they change.
struct Proposal<'a> {
    amount: Money,
    raised: Option<&'a BudgetRow>,
    lowered: Option<&'a BudgetRow>,
}

/// Looks at what is proposed, on the budgets as they are.
fn propose(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let proposal = read(call)?;
    after(&proposal)?;
    let Some(budget) = proposal.lowered.or(proposal.raised) else { return fail("a change concerns a budget") };
    let set = Document::from_iter([
        ("budget".to_owned(), Json::from(budget.amount.to_string())),
        ("held".to_owned(), Json::from(budget.reserved.to_string())),
        ("share".to_owned(), Json::from(share(proposal.amount, budget.amount)?.to_string())),
        ("proposed".to_owned(), format!("{}: {}", proposed(call), became(&proposal)?).into()),
    ]);
    Ok(done(Vec::new(), set))
}

/// What was proposed, for which budget, held and share were computed: in words, which are the same for the same change.
fn proposed(call: &Call<'_>) -> String {
    let said = |field: &str| subject_text(call, field).unwrap_or_default();
    let amount = said("amount").parse::<Money>().map_or_else(|_| said("amount").to_owned(), shown);
    let unit = said("unit");
    match (said("kind"), subject_text(call, "from_unit")) {
        ("move", Some(from)) => format!("Move {amount} from the budget of {from} to that of {unit}"),
        ("lower", _) => format!("Lower by {amount} the budget of {unit}"),
        _ => format!("Raise by {amount} the budget of {unit}"),
    }
}

/// What the budgets are and would be: `from 1,000.00 EUR to 1,500.00 EUR`.
fn became(proposal: &Proposal<'_>) -> Answer<String> {
    let becomes = after(proposal)?;
    let one = |row: &&BudgetRow| {
        let then = becomes.iter().find(|then| then.key() == row.key()).map_or(row.amount, |then| then.amount);
        (row.unit.clone(), format!("from {} to {}", shown(row.amount), shown(then)))
    };
    let all: Vec<_> = [proposal.lowered, proposal.raised].iter().flatten().map(one).collect();
    Ok(match &*all {
        [(_, only)] => only.clone(),
        several => several.iter().map(|(unit, said)| format!("{unit} {said}")).collect::<Vec<_>>().join(", "),
    })
}

/// Whether the document still says the change that was proposed. Before it was said in words, the fields stood there one behind
/// the other.
fn still(call: &Call<'_>, of_then: &str) -> bool {
    let field = |field: &str| subject_text(call, field).unwrap_or("-");
    let plain = ["kind", "amount", "unit", "from_unit"].map(field).join(" ");
    of_then == plain || of_then.strip_prefix(&proposed(call)).is_some_and(|rest| rest.starts_with(": "))
}

/// Brings it into force.
fn change_budget(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    if subject_text(call, "proposed").is_some_and(|of_then| !still(call, of_then)) {
        return fail(
            "the document says another change than the one that was proposed: what share it is was not computed",
        );
    }
    let proposal = read(call)?;
    let rows = after(&proposal)?;
    if let Some(budget) = proposal.lowered.or(proposal.raised) {
        let now = share(proposal.amount, budget.amount)?;
        let then = subject_text(call, "share").and_then(|share| share.parse::<Percent>().ok());
        if let Some(then) = then.filter(|then| now > *then) {
            let sentence = format!(
                "The budget of unit `{}` is {} by now, so that this is {now} % of it, and it was proposed as {then} %: send it \
                 back, and it is decided by those who decide about that.",
                budget.unit, budget.amount
            );
            return refuse("budget_changed", sentence);
        }
    }
    Ok(done(rows.into_iter().map(Op::Budget).collect(), Document::new()))
}

/// What the subject proposes, with its budgets loaded.
fn read<'a>(call: &'a Call<'_>) -> Answer<Proposal<'a>> {
    instance(call)?;
    let (Some(kind), Some(unit), Some(amount)) =
        (subject_text(call, "kind"), subject_text(call, "unit"), subject_text(call, "amount"))
    else {
        return fail("the subject is no change of a budget");
    };
    let amount: Money = amount.parse().or_else(|why| fail(format!("/amount: {why}")))?;
    let from = subject_text(call, "from_unit");
    if !KINDS.contains(&kind) {
        let hint = nearest(kind, KINDS).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        let shown: String = kind.chars().take(40).collect();
        return refuse(INVALID, format!("/kind: write raise, lower or move, not `{shown}`.{hint}"));
    }
    if amount.units <= 0 {
        return refuse(INVALID, format!("/amount: write by how much, more than zero, and not {amount}."));
    }
    match (kind, from) {
        ("move", None) => return refuse(INVALID, "/from_unit: say of which unit's budget it is taken."),
        ("move", Some(from)) if from == unit => {
            return refuse(INVALID, "/from_unit: it is the unit that gets it; name another one.");
        }
        ("raise" | "lower", Some(_)) => {
            return refuse(INVALID, "/from_unit: only a move takes from another unit; leave it out, or write `move`.");
        }
        _ => {}
    }
    for (field, unit) in [("unit", Some(unit)), ("from_unit", from)] {
        if let Some(why) = unit.and_then(|unit| no_such_unit(call, unit)) {
            return refuse(INVALID, format!("/{field}: {why}"));
        }
    }
    let key = |unit: &str| BudgetKey { unit: unit.into(), currency: amount.currency };
    require(call, std::iter::once(unit).chain(from).map(key).map(Need::Budget))?;
    let budget = |field: &str, unit: &str| match call.facts.budget(call.tenant, &key(unit)).map_err(needs)? {
        Some(row) => Ok(row),
        None => {
            let (currency, shown) = (amount.currency, unit.chars().take(60).collect::<String>());
            let sentence = format!("/{field}: unit `{shown}` has no budget in {currency} that could be changed.");
            refuse(INVALID, sentence)
        }
    };
    Ok(match from {
        Some(from) => {
            Proposal { amount, raised: Some(budget("unit", unit)?), lowered: Some(budget("from_unit", from)?) }
        }
        None if kind == "raise" => Proposal { amount, raised: Some(budget("unit", unit)?), lowered: None },
        None => Proposal { amount, raised: None, lowered: Some(budget("unit", unit)?) },
    })
}

/// The budgets as they become, by their keys.
fn after(proposal: &Proposal<'_>) -> Answer<Vec<BudgetRow>> {
    let Proposal { amount, raised, lowered } = proposal;
    let mut rows = Vec::new();
    if let Some(row) = lowered {
        rows.push(lower(row, *amount)?);
    }
    if let Some(row) = raised {
        match row.amount.units.checked_add(amount.units) {
            Some(units) => rows.push(with(row, units)),
            None => return refuse(INVALID, format!("/amount: {amount} more are more than can be booked.")),
        }
    }
    rows.sort_by_key(BudgetRow::key);
    Ok(rows)
}

fn lower(row: &BudgetRow, amount: Money) -> Answer<BudgetRow> {
    let free = super::left(row)?;
    if amount.units > free.units {
        let (unit, budget, held) = (&row.unit, row.amount, row.reserved);
        let most = Money { units: free.units.max(0), ..free };
        let sentence = format!(
            "The budget of unit `{unit}` is {budget}, and orders hold {held} of it, reserved or spent: {most} can be taken \
             from it, and not {amount}."
        );
        return refuse("budget_below_held", sentence);
    }
    Ok(with(row, row.amount.units - amount.units))
}

fn with(row: &BudgetRow, units: i64) -> BudgetRow {
    BudgetRow { version: row.version + 1, amount: Money { units, ..row.amount }, ..row.clone() }
}

/// How much of the budget it is, in percent; of an empty budget all of it.
fn share(amount: Money, budget: Money) -> Answer<Percent> {
    if budget.units == 0 {
        return Ok(Percent(1_000_000));
    }
    match i64::try_from(i128::from(amount.units) * 1_000_000 / i128::from(budget.units)) {
        Ok(units) => Ok(Percent(units)),
        Err(_) => refuse(INVALID, format!("/amount: {amount} are out of all proportion to the budget of {budget}.")),
    }
}

#[cfg(test)]
mod tests;
