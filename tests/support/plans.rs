//! Reads the plans of hot statements on empty tables: what scans a table, or searches it by tenant alone, is slow one day
//! and stays so, because plans are kept.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _, SqliteConnection};

/// Indexes that a poll over all tenants walks from their beginning, up to its limit.
const POLLED: &[&str] = &["task_due", "timer_due", "inbox_at", "inbox_pkey"];

/// What is wrong with a statement's plan on SQLite.
pub async fn sqlite_faults(c: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let rows = c.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).await.unwrap();
    let lines = rows.iter().map(|row| row.get::<String, _>(3));
    lines.filter(|line| is_bad(line, sql)).collect()
}

fn is_bad(line: &str, sql: &str) -> bool {
    let mut words = line.split(' ');
    let (verb, what) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    match verb {
        "SCAN" => {
            let derived = what.starts_with('(') || what == "CONSTANT" || sql.contains(&format!(") AS {what}"));
            let polled = POLLED.iter().any(|index| line.contains(&format!("INDEX {index}")));
            !(derived || polled || line.contains("VIRTUAL TABLE") || line.ends_with("VALUES CLAUSE"))
        }
        "SEARCH" => {
            let by = line.rsplit_once('(').map_or("", |(_, by)| by.trim_end_matches(')'));
            by.is_empty() || by == "tenant=?"
        }
        _ => false,
    }
}

/// What is wrong with a statement's generic plan on PostgreSQL, on a connection with the writer's settings.
pub async fn postgres_faults(c: &mut PgConnection, sql: &str) -> Vec<String> {
    let parameters = (1..99).take_while(|n| sql.contains(&format!("${n}"))).count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let call = if parameters == 0 { String::new() } else { format!("({nulls})") };
    c.execute(sqlx::raw_sql(AssertSqlSafe(format!("PREPARE looked_at AS {sql}")))).await.unwrap();
    let explain = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) EXECUTE looked_at{call}")));
    let text = explain.fetch_one(&mut *c).await.unwrap().get_unchecked::<String, _>(0);
    c.execute(sqlx::raw_sql("DEALLOCATE looked_at")).await.unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut faults = Vec::new();
    walk(&plan[0]["Plan"], &mut faults);
    faults
}

fn walk(node: &serde_json::Value, faults: &mut Vec<String>) {
    let text = |key: &str| node[key].as_str().unwrap_or("");
    let condition = text("Index Cond");
    let by_more_than_tenant =
        condition.split(" AND ").any(|part| !part.is_empty() && !part.trim_start_matches('(').starts_with("tenant "));
    match text("Node Type") {
        "Seq Scan" | "Bitmap Heap Scan" => faults.push(format!("{} {}", text("Node Type"), text("Relation Name"))),
        "Index Scan" | "Index Only Scan" if !by_more_than_tenant && !POLLED.contains(&text("Index Name")) => {
            faults.push(format!("{} by {condition:?}", text("Index Name")));
        }
        _ => {}
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, faults);
    }
}
