//! The books of procurement: company, suppliers, items, stock and its ledger, orders; and why something is ordered. All
//! of it is read only: what changes them are records (`/v1/records`), events of orders, and reorder runs.

use axum::Json;
use axum::extract::State;
use fluxor_engine::ids::InstanceId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::extract::{Limit, Path, Query, next, part};
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::Books;
use crate::reorder::{Told, WORKFLOW, tell};

/// Rows, in the order of their keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rows {
    /// This page.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which rows.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Behind this one: where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

impl Which {
    /// A page of rows; `key` is where the next one begins.
    async fn page(
        self,
        app: &App,
        caller: &Caller,
        path: &str,
        asked: Books,
        key: impl Fn(&Value) -> String,
    ) -> Result<Json<Rows>, Problem> {
        let found = app.desk().books(caller.tenant(), asked).await?;
        let Value::Array(mut items) = found else { return Ok(Json(Rows { items: Vec::new(), next: None })) };
        let limit = self.limit;
        let next = limit.cut(&mut items).map(|last| next(path, &Self { after: Some(key(last)), ..self }));
        Ok(Json(Rows { items, next }))
    }

    fn after(&self) -> String {
        self.after.clone().unwrap_or_default()
    }
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn nothing(what: &str, key: &str) -> Problem {
    Problem::new("not_found", format!("There is no {what} `{key}`."))
}

/// That what is asked about is there.
async fn there(app: &App, caller: &Caller, what: &str, key: &str, asked: Books) -> Result<(), Problem> {
    match app.desk().books(caller.tenant(), asked).await? {
        Value::Null => Err(nothing(what, key)),
        _ => Ok(()),
    }
}

/// Suppliers, by code. The numbers of their accounts are told by their ends.
#[utoipa::path(get, path = "/v1/suppliers", tag = "books", params(Which), responses((status = 200, body = Rows), Problems))]
pub(crate) async fn suppliers(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let asked = Books::Suppliers { after: which.after(), limit: which.limit.and_one() };
    which.page(&app, &caller, "/v1/suppliers", asked, |row| text(row, "code")).await
}

/// A supplier. The number of its account is told in full to a key with administrator rights, else by its ends.
#[utoipa::path(get, path = "/v1/suppliers/{code}", tag = "books", params(("code" = String, Path)),
    responses((status = 200, body = Object), Problems))]
pub(crate) async fn supplier(
    State(app): State<App>,
    caller: Caller,
    Path((code,)): Path<(String,)>,
) -> Result<Json<Value>, Problem> {
    let asked = Books::Supplier { code: code.clone(), whole: caller.key().administrator };
    match app.desk().books(caller.tenant(), asked).await? {
        Value::Null => Err(nothing("supplier", &code)),
        found => Ok(Json(found)),
    }
}

/// Items, by code.
#[utoipa::path(get, path = "/v1/items", tag = "books", params(Which), responses((status = 200, body = Rows), Problems))]
pub(crate) async fn items(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let asked = Books::Items { after: which.after(), limit: which.limit.and_one() };
    which.page(&app, &caller, "/v1/items", asked, |row| text(row, "code")).await
}

/// An item with its units, terms, policies and stock.
#[utoipa::path(get, path = "/v1/items/{code}", tag = "books", params(("code" = String, Path)),
    responses((status = 200, body = Object), Problems))]
pub(crate) async fn item(
    State(app): State<App>,
    caller: Caller,
    Path((code,)): Path<(String,)>,
) -> Result<Json<Value>, Problem> {
    match app.desk().books(caller.tenant(), Books::Item { code: code.clone() }).await? {
        Value::Null => Err(nothing("item", &code)),
        found => Ok(Json(found)),
    }
}

/// Locations, by code.
#[utoipa::path(get, path = "/v1/locations", tag = "books", params(Which), responses((status = 200, body = Rows), Problems))]
pub(crate) async fn locations(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let asked = Books::Locations { after: which.after(), limit: which.limit.and_one() };
    which.page(&app, &caller, "/v1/locations", asked, |row| text(row, "code")).await
}

/// Stock levels, by item and location; `after` is `item@location`.
#[utoipa::path(get, path = "/v1/stock", tag = "books", params(Which), responses((status = 200, body = Rows), Problems))]
pub(crate) async fn stock(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let after = which.after();
    let (item, location) = after.split_once('@').unwrap_or((&after, ""));
    let asked = Books::Stock { after: (item.to_owned(), location.to_owned()), limit: which.limit.and_one() };
    which
        .page(&app, &caller, "/v1/stock", asked, |row| format!("{}@{}", text(row, "item"), text(row, "location")))
        .await
}

/// The ledger of an item at a location, newest first; `after` is the number of the last movement seen.
/// Where both exist and nothing has moved yet, it is empty.
#[utoipa::path(get, path = "/v1/stock/{item}/{location}/movements", tag = "books",
    params(("item" = String, Path), ("location" = String, Path), Which),
    responses((status = 200, body = Rows), Problems))]
pub(crate) async fn movements(
    State(app): State<App>,
    caller: Caller,
    Path((item, location)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let before = which.after.as_deref().map(|after| {
        let wrong = || Problem::new("invalid_query", format!("after: `{after}` is no number of a movement."));
        after.parse().map_err(|_| wrong())
    });
    let path = format!("/v1/stock/{}/{}/movements", part(&item), part(&location));
    let (before, limit) = (before.transpose()?, which.limit.and_one());
    let asked = Books::Movements { item: item.clone(), location: location.clone(), before, limit };
    let page = which.page(&app, &caller, &path, asked, |row| row["seq"].to_string()).await?;
    if page.items.is_empty() {
        there(&app, &caller, "item", &item, Books::Item { code: item.clone() }).await?;
        there(&app, &caller, "location", &location, Books::Location { code: location.clone() }).await?;
    }
    Ok(page)
}

/// Purchase orders, newest first; `after` is the id of the last one seen.
#[utoipa::path(get, path = "/v1/orders", tag = "books", params(Which), responses((status = 200, body = Rows), Problems))]
pub(crate) async fn orders(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Rows>, Problem> {
    let before = which.after.as_deref().map(|after| {
        let wrong = || Problem::new("invalid_query", format!("after: `{after}` is no id of an order."));
        after.parse().map_err(|_| wrong())
    });
    let asked = Books::Orders { before: before.transpose()?, limit: which.limit.and_one() };
    which.page(&app, &caller, "/v1/orders", asked, |row| text(row, "id")).await
}

/// A purchase order with its lines, what was received of each, and the arithmetic of those that a run ordered.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "books", params(("id" = String, Path)),
    responses((status = 200, body = Object), Problems))]
pub(crate) async fn order(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(InstanceId,)>,
) -> Result<Json<Value>, Problem> {
    match app.desk().books(caller.tenant(), Books::Order { id }).await? {
        Value::Null => Err(nothing("order", &id.to_string())),
        found => Ok(Json(found)),
    }
}

/// What to explain.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The item's code.
    item: String,
    /// At this location alone.
    #[serde(default)]
    location: Option<String>,
    /// As if it were this day; without, the company's today.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Date)]
    as_of: Option<Date>,
}

/// Explanations, one a location.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explained {
    /// Position, trigger, need, offers and steps of each location that has a policy for the item.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
}

/// Why an item is ordered now or not, with all the arithmetic. Changes nothing.
#[utoipa::path(get, path = "/v1/reorder/explain", tag = "reorder", params(Asked),
    responses((status = 200, body = Explained), Problems))]
pub(crate) async fn explain(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Explained>, Problem> {
    let Asked { item, location, as_of } = asked;
    let found = app.desk().books(caller.tenant(), Books::Explain { item: item.clone(), location, as_of }).await?;
    let items = found.as_array().cloned().unwrap_or_default();
    if items.is_empty() {
        there(&app, &caller, "item", &item, Books::Item { code: item.clone() }).await?;
    }
    Ok(Json(Explained { items }))
}

/// What a reorder run came to: its orders with their lines and who is asked, and what was short and not ordered.
#[utoipa::path(get, path = "/v1/reorder/runs/{id}", tag = "reorder", params(("id" = String, Path)),
    responses((status = 200, body = Object), Problems))]
pub(crate) async fn run(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(InstanceId,)>,
) -> Result<Json<Told>, Problem> {
    let run = app.desk().look(caller.tenant(), id).await?.instance;
    if *run.workflow != *WORKFLOW {
        return Err(nothing("reorder run", &id.to_string()));
    }
    Ok(Json(tell(app.desk(), caller.tenant(), &run).await?))
}
