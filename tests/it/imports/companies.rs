//! The companies one by one.

use std::collections::BTreeMap;
use std::path::Path;

use fluxor_engine::money::format_scaled;

use super::*;

async fn wideworldimporters(address: &str) {
    let Some(folder) = company("wideworldimporters", "import") else { return };
    let (_guard, folder) = cut(&folder, &[("stock_movements.csv", |_| false), ("sales_order_lines.csv", |_| false)]);
    let mut place = Place::at(address).await;
    let report = place.import(&folder, true).await;
    assert_eq!(report.bad, [], "{report}");
    for (table, rows) in [("items", 227), ("terms", 227), ("policies", 227), ("orders", 2072), ("order_lines", 8358)] {
        let Count { read, taken, .. } = count(&report, table);
        assert_eq!((read, taken), (rows, rows), "{table}\n{report}");
    }
    let (movements, demand) = (cells(&folder, "stock_movements.csv"), cells(&folder, "sales_order_lines.csv"));
    assert_eq!(count(&report, "movements").taken, movements.len() as u64);
    assert_eq!(count(&report, "demand").taken, demand.len() as u64);
    if all() {
        assert_eq!((movements.len(), demand.len()), (236_667, 231_412));
    }
    let value: i128 = cells(&folder, "purchase_order_lines.csv")
        .iter()
        .map(|line| line[3].parse::<i128>().unwrap() * units(&line[5]))
        .sum();
    assert_eq!(units(total(&report, "value of orders, USD")), value);
    let on_hand: i128 = cells(&folder, "stock.csv").iter().map(|row| row[1].parse::<i128>().unwrap()).sum();
    assert_eq!(total(&report, "on hand"), on_hand.to_string());
    assert_eq!(total(&report, "movements, sum"), on_hand.to_string());
    let owed: i128 = demand.iter().filter(|row| row[7].is_empty()).map(|row| row[5].parse::<i128>().unwrap()).sum();
    assert_eq!(total(&report, "demand owed"), owed.to_string());
    // The trap of this source: its ledger has no opening rows.
    let moved: i128 = movements.iter().map(|row| row[6].parse::<i128>().unwrap()).sum();
    assert_eq!(report.opened, (on_hand - moved).to_string());
    assert!(report.openings >= 200, "{}", report.openings);
    let entries = place.entries().await;
    let again = place.import(&folder, true).await;
    assert_unchanged(&report, &again);
    assert_eq!(place.entries().await, entries);
    total(&again, "on hand");
}

#[tokio::test(flavor = "multi_thread")]
async fn wideworldimporters_reconciles_in_memory() {
    wideworldimporters("memory:").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wideworldimporters_reconciles_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    wideworldimporters(folder.path().join("w.sqlite").to_str().unwrap()).await;
}

async fn adventureworks(address: &str) {
    let Some(folder) = company("adventureworks", "import") else { return };
    let mut place = Place::at(address).await;
    let report = place.import(&folder, false).await;
    assert_eq!(report.bad, [], "{report}");
    for (table, rows) in [
        ("suppliers", 104),
        ("items", 504),
        ("policies", 504),
        ("people", 290),
        ("roles", 13),
        ("movements", 1069),
        ("orders", 4012),
        ("order_lines", 8845),
    ] {
        let Count { read, taken, .. } = count(&report, table);
        assert_eq!((read, taken), (rows, rows), "{table}\n{report}");
    }
    terms(&folder, &report);
    let lines = cells(&folder, "purchase_order_lines.csv");
    // Rounded to the cent line by line, a half away from zero.
    let value: i128 =
        lines.iter().map(|l| (l[3].parse::<i128>().unwrap() * units(&l[5]) + 50).div_euclid(100) * 100).sum();
    assert_eq!(units(total(&report, "value of orders, USD")), value);
    let exact: i128 = lines.iter().map(|line| units(&line[6])).sum();
    let note = &report.totals[0].note;
    assert!(note.starts_with(&format!("exactly {};", format_scaled(i64::try_from(exact).unwrap(), 4, 0))), "{note}");
    let pieces: i128 = cells(&folder, "inventory.csv").iter().map(|row| row[4].parse::<i128>().unwrap()).sum();
    assert_eq!(total(&report, "on hand"), pieces.to_string());
    open_orders(&place, &folder, &lines).await;
    let entries = place.entries().await;
    assert_unchanged(&report, &place.import(&folder, false).await);
    assert_eq!(place.entries().await, entries);
}

/// Terms in pieces and dozens of active suppliers are taken; the others are named, each with its reason.
fn terms(folder: &Path, report: &Report) {
    let active: BTreeMap<String, bool> =
        cells(folder, "vendors.csv").into_iter().map(|row| (row[0].clone(), row[5] == "1")).collect();
    let (mut good, mut without, mut inactive) = (0, 0, 0);
    for row in cells(folder, "product_vendors.csv") {
        match (active[&row[1]], row[9].as_str()) {
            (false, _) => inactive += 1,
            (true, "EA" | "DZ") => good += 1,
            (true, _) => without += 1,
        }
    }
    let left_out = |words: &str| report.left_out.iter().filter(|row| row.reason.contains(words)).count();
    assert_eq!(count(report, "terms").taken, good);
    assert_eq!((left_out("no factor"), left_out("supplier is inactive")), (without, inactive), "{report}");
    assert!(report.left_out.iter().all(|row| row.file == "product_vendors.csv" && row.line > 1));
}

/// What is open of pending and approved orders is on order, and nothing else.
async fn open_orders(place: &Place, folder: &Path, lines: &[Vec<String>]) {
    let orders = cells(folder, "purchase_orders.csv");
    let open: BTreeMap<&str, bool> =
        orders.iter().map(|row| (row[0].as_str(), matches!(row[2].as_str(), "1" | "2"))).collect();
    let expected: i128 =
        lines.iter().filter(|line| open[line[0].as_str()]).map(|line| units(&line[3]) - units(&line[7])).sum();
    let mut reader = place.engine.store().reader().await.unwrap();
    let totals = fluxor_workflows::totals(reader.connection(), TENANT).await.unwrap();
    assert_eq!(i128::from(totals.on_order.0), expected * 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn adventureworks_reconciles_in_memory() {
    adventureworks("memory:").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adventureworks_reconciles_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    adventureworks(folder.path().join("a.sqlite").to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_company_needs_no_mapping() {
    let mut place = Place::at("memory:").await;
    let folder = definitions().join("sample");
    let report = place.import(&folder, true).await;
    assert_eq!((report.bad.len(), report.written), (0, true), "{report}");
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.openings, 0, "its ledger is whole\n{report}");
    let entries = place.entries().await;
    assert_unchanged(&report, &place.import(&folder, true).await);
    assert_eq!(place.entries().await, entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_file_changes_what_was_corrected() {
    let mut place = Place::at("memory:").await;
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("company.csv", "name,currency,zone\nSmall,EUR,UTC\n");
    write("units.csv", "code,name,grid\npc,Piece,1\n");
    write("items.csv", "code,name,stock_unit\na,Apple,pc\nb,Bag,pc\n");
    write("locations.csv", "code,name\nmain,Main\n");
    let header = "reference,item,location,kind,quantity,at";
    let moves = |last: &str| {
        let rows: String = (0..40).map(|n| format!("m{n},a,main,receipt,2,2026-01-01 10:00:0{}\n", n % 10)).collect();
        write("movements.csv", &format!("{header}\n{rows}{last}\n"));
    };
    moves("m40,b,main,receipt,1.5,2026-01-01");
    let report = place.import(folder.path(), true).await;
    // The grid of a unit is the engine's to know; the row that it declines is found among the many of its command.
    assert_eq!(report.bad.len(), 1, "{report}");
    assert_eq!((report.bad[0].file.as_str(), report.bad[0].line), ("movements.csv", 42), "{report}");
    assert_eq!((count(&report, "movements").taken, count(&report, "movements").bad), (40, 1), "{report}");

    write("items.csv", "code,name,stock_unit\na,Apple,pc\nb,Basket,pc\nb,Twice,pc\n");
    moves("m40,b,main,receipt,1,2026-01-01");
    let entries = place.entries().await;
    let report = place.import(folder.path(), true).await;
    assert_eq!((report.written, report.bad.len()), (false, 1), "strict, and a row is bad\n{report}");
    assert_eq!(place.entries().await, entries);
    let report = place.import(folder.path(), false).await;
    let Count { taken, unchanged, bad, .. } = count(&report, "items");
    assert_eq!((taken, unchanged, bad), (1, 1, 1), "{report}");
    let Count { taken, unchanged, .. } = count(&report, "movements");
    assert_eq!((taken, unchanged), (1, 40), "{report}");
    assert_eq!(place.entries().await, entries + 2);
}
