//! The files: one function each, rows sorted, no cell in quotes.

use jiff::civil::Date;

use super::history::{At, History, TODAY};
use super::items::UNITS;
use super::number::{amount, quantity};
use super::people::{self, BUDGETS, ROLES, SUBSTITUTES};
use super::policies::{HAMBURG, LEIPZIG, Method};
use super::suppliers::{INACTIVE, UNAPPROVED};

/// A file's name and its text.
pub(crate) type File = (&'static str, String);

/// All of them.
pub(crate) fn files(history: &History) -> Vec<File> {
    vec![
        table(
            "company.csv",
            "name,currency,zone,today",
            [row(["Lotsenrad GmbH", "EUR", "Europe/Berlin", &TODAY.to_string()])],
        ),
        table(
            "units.csv",
            "code,name,grid,base,numerator,denominator",
            UNITS.iter().map(|unit| row([unit.0, unit.1, unit.2, unit.3, unit.4, unit.5])),
        ),
        suppliers(history),
        items(history),
        item_units(history),
        table("locations.csv", "code,name", [row([HAMBURG, "Hamburg works"]), row([LEIPZIG, "Leipzig service"])]),
        terms(history),
        policies(history),
        stock(history),
        movements(history),
        demand(history),
        orders(history),
        order_lines(history),
        table(
            "people.csv",
            "id,name,email,manager,limit",
            people::people()
                .iter()
                .map(|person| row([person.id, person.name, &people::email(person.name), person.manager, person.limit])),
        ),
        table("roles.csv", "unit,role,person", ROLES.iter().map(|role| row([role.0, role.1, role.2]))),
        table(
            "substitutes.csv",
            "person,substitute,from,to",
            SUBSTITUTES.iter().map(|own| row([own.0, own.1, own.2, own.3])),
        ),
        table("budgets.csv", "unit,currency,amount", BUDGETS.iter().map(|budget| row([budget.0, "EUR", budget.1]))),
    ]
}

fn table(name: &'static str, header: &str, rows: impl IntoIterator<Item = String>) -> File {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(&row);
        text.push('\n');
    }
    (name, text)
}

/// Cells with commas between them. None of them has a comma or a quote inside.
fn row<const N: usize>(cells: [&str; N]) -> String {
    cells.join(",")
}

/// Empty where nothing is set.
fn optional(micro: i64) -> String {
    if micro == 0 { String::new() } else { quantity(micro) }
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn at(At(day, minute): At) -> String {
    format!("{day} {:02}:{:02}:00", minute / 60, minute % 60)
}

fn yes(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn suppliers(history: &History) -> File {
    let mut rows: Vec<_> = history
        .suppliers
        .iter()
        .map(|own| {
            let email = format!("orders@{}.example", own.code);
            row([
                own.code,
                own.name,
                yes(own.code != INACTIVE),
                yes(own.code != UNAPPROVED),
                &email,
                own.payment_days,
                own.note(),
            ])
        })
        .collect();
    rows.sort();
    table("suppliers.csv", "code,name,active,approved,email,payment_days,note", rows)
}

fn items(history: &History) -> File {
    let rows =
        history.items.iter().map(|item| row([&item.code, &item.name, item.category, item.unit, yes(item.active)]));
    table("items.csv", "code,name,category,stock_unit,active", rows)
}

/// Every unit that a term uses and that is not the item's own.
fn item_units(history: &History) -> File {
    let mut rows = Vec::new();
    for (item, terms) in history.items.iter().zip(&history.terms) {
        for term in terms.iter().filter(|term| term.unit != item.unit) {
            let (numerator, denominator) = term.factor;
            rows.push(format!("{},{},{numerator},{denominator}", item.code, term.unit));
        }
    }
    rows.sort();
    rows.dedup();
    table("item_units.csv", "item,unit,numerator,denominator", rows)
}

fn terms(history: &History) -> File {
    let mut rows = Vec::new();
    for (item, terms) in history.items.iter().zip(&history.terms) {
        for term in terms.iter().filter(|term| !term.removed) {
            let discount = if term.discount == 0 { String::new() } else { term.discount.to_string() };
            rows.push(row([
                &item.code,
                term.supplier,
                &term.term.to_string(),
                term.unit,
                &amount(term.price),
                &term.price_per.to_string(),
                &discount,
                &optional(term.break_quantity),
                &optional(term.minimum),
                &optional(term.multiple),
                &optional(term.maximum),
                &term.lead.to_string(),
                &day(term.from),
                &day(term.to),
                &term.sequence.to_string(),
            ]));
        }
    }
    let header = "item,supplier,term,unit,price,price_per,discount,break_quantity,minimum,multiple,maximum,lead_time_days,valid_from,valid_to,sequence";
    table("terms.csv", header, rows)
}

fn policies(history: &History) -> File {
    let rows = history.policies.iter().map(|policy| {
        let method = match policy.method {
            Method::MinMax => "min_max",
            Method::UpTo => "s_S",
            Method::Lots => "s_Q",
        };
        let trigger = if policy.at_or_below { "at_or_below" } else { "below" };
        row([
            &history.items[policy.item].code,
            policy.location,
            method,
            trigger,
            &quantity(policy.order_point),
            &optional(policy.order_up_to),
            &optional(policy.quantity),
            &optional(policy.maximum),
            policy.maximum_rule,
            yes(policy.active),
            &day(policy.snoozed),
        ])
    });
    let header =
        "item,location,method,trigger,order_point,order_up_to,quantity,maximum,maximum_rule,active,snoozed_until";
    table("policies.csv", header, rows)
}

fn stock(history: &History) -> File {
    let rows = history
        .policies
        .iter()
        .zip(&history.stocks)
        .map(|(policy, stock)| row([&history.items[policy.item].code, policy.location, &quantity(stock.on_hand)]));
    table("stock.csv", "item,location,on_hand", rows)
}

fn movements(history: &History) -> File {
    let rows = history.movements.iter().map(|own| {
        let policy = &history.policies[own.policy];
        let order = own.order.map(|order| history.orders[order].number.as_str()).unwrap_or_default();
        row([
            &own.reference,
            &history.items[policy.item].code,
            policy.location,
            own.kind,
            &quantity(own.quantity),
            &at(own.at),
            order,
            own.note,
        ])
    });
    table("movements.csv", "reference,item,location,kind,quantity,at,order,note", rows)
}

fn demand(history: &History) -> File {
    let rows = history.demands.iter().zip(1..).map(|(own, number)| {
        let policy = &history.policies[own.policy];
        row([
            &format!("D-{number:05}"),
            &history.items[policy.item].code,
            policy.location,
            &quantity(own.quantity),
            &own.ordered.to_string(),
            &own.due.to_string(),
            &own.done.map(at).unwrap_or_default(),
        ])
    });
    table("demand.csv", "reference,item,location,quantity,ordered_on,due_on,done_at", rows)
}

fn orders(history: &History) -> File {
    let rows = history.orders.iter().map(|own| {
        row([
            &own.number,
            history.suppliers[own.supplier].code,
            &own.ordered.to_string(),
            &own.expected.to_string(),
            own.status,
            own.requester,
            own.note,
        ])
    });
    table("orders.csv", "number,supplier,ordered_on,expected_on,status,requester,note", rows)
}

fn order_lines(history: &History) -> File {
    let mut rows = Vec::new();
    for order in &history.orders {
        for (line, number) in order.lines.iter().zip(1..) {
            let item = &history.items[history.policies[line.policy].item].code;
            rows.push(row([
                &order.number,
                &format!("{number}"),
                item,
                order.location,
                &quantity(line.quantity),
                line.term.unit,
                &amount(line.term.net()),
                &optional(line.received),
                &optional(line.rejected),
            ]));
        }
    }
    table("order_lines.csv", "order,line,item,location,quantity,unit,price,received,rejected", rows)
}
