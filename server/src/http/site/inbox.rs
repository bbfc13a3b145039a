//! What waits for somebody, and several decisions at once.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::ids::{Digest, PersonId, TaskId};
use fluxor_engine::instance::Status;
use fluxor_engine::store::InstancePage;
use serde::Deserialize;

use super::super::act::{Act, Decision};
use super::super::asked::Fields;
use super::super::extract::Query;
use super::super::problem::Problem;
use super::outcome::came;
use super::{Visitor, html, past, refused};
use crate::app::App;
use crate::desk::{Company, TaskView};
use crate::page::{Asked, Came, Done, Inbox, Outcomes, Row, View, back, now_in};
use crate::secret;

/// Rows of a page.
const ROWS: usize = 50;

/// So many tasks are looked through where somebody searches.
const SEARCHED: i64 = 500;

/// So many documents are looked through for questions, the newest first.
const QUESTIONED: i64 = 500;

/// So many are decided at once.
const AT_ONCE: usize = 100;

/// What is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    view: String,
    tag: Option<String>,
    #[serde(default)]
    q: String,
    after: Option<TaskId>,
}

/// The inbox.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    html(page(&app, &visitor, &wish, &Wrong::default()).await?)
}

/// Why several were not decided, which they are, and what was written.
#[derive(Default)]
struct Wrong {
    why: Option<&'static str>,
    picked: Vec<TaskId>,
    reason: String,
}

async fn page(app: &App, visitor: &Visitor, wish: &Wish, wrong: &Wrong) -> Result<anyhow::Result<String>, Problem> {
    let view = if wish.view == View::People.name() { View::People } else { View::Mine };
    let query = wish.q.trim();
    let company = app.desk().company(visitor.caller.tenant()).await?;
    let reports: Vec<PersonId> = company
        .organisation()
        .parts()
        .people
        .iter()
        .filter(|one| one.manager.as_ref() == Some(visitor.person()))
        .map(|one| one.id.clone())
        .collect();
    let most = if query.is_empty() { i64::try_from(ROWS + 1).unwrap_or(51) } else { SEARCHED };
    let tag = wish.tag.clone().filter(|tag| !tag.is_empty());
    let mut tasks: Vec<TaskView> = Vec::new();
    match view {
        View::Mine => {
            let person = visitor.person().clone();
            tasks = app.desk().waiting_for(visitor.caller.tenant(), person, tag.clone(), wish.after, most).await?;
        }
        View::People => {
            for person in reports.iter().take(100) {
                let own = app
                    .desk()
                    .waiting_for(visitor.caller.tenant(), person.clone(), tag.clone(), wish.after, most)
                    .await?;
                for task in own {
                    match tasks.iter_mut().find(|known| known.id == task.id) {
                        Some(known) => known.open.extend(task.open),
                        None => tasks.push(task),
                    }
                }
            }
            tasks.sort_by_key(|task| task.id);
        }
    }
    let reader = (view == View::Mine).then(|| visitor.person());
    let of = |task: &TaskView| Row::of(task, app.desk().definition(&task.workflow).as_deref(), reader, &visitor.words);
    let last = tasks.get(ROWS - 1).map(|task| task.id).filter(|_| tasks.len() > ROWS && query.is_empty());
    if query.is_empty() {
        tasks.truncate(ROWS);
    }
    let mut rows: Vec<Row> = tasks.iter().map(of).collect();
    rows.retain(|row| query.is_empty() || row.is_meant(query));
    rows.truncate(ROWS);
    let more = last.map(|last| more(view, tag.as_deref(), last));
    let once = secret::public_id(&app.random());
    let all = view == View::Mine && query.is_empty() && tag.is_none() && wish.after.is_none();
    let asked = if all { asked(app, visitor, &company).await? } else { Vec::new() };
    let page = Inbox::new((view, tag.as_deref(), query), !reports.is_empty(), rows, more, once);
    let page = page.asking(asked).failing(wrong.why, &wrong.picked, &wrong.reason);
    Ok(page.page(&visitor.reader()))
}

/// The questions that wait for an answer of his, and what came back to him: they are in no list of those who may act, since they
/// decide nothing.
async fn asked(app: &App, visitor: &Visitor, company: &Company) -> Result<Vec<Asked>, Problem> {
    let newest = app.desk().instances(InstancePage::all(visitor.caller.tenant(), QUESTIONED)).await?;
    let live = newest.iter().filter(|instance| instance.status != Status::Final);
    let (library, person) = (app.desk().library(), visitor.person());
    let mut all = Vec::new();
    for instance in live {
        let pinned = library.pinned(instance.definition).map(|pinned| &**pinned);
        all.extend(Asked::of(instance, pinned, person, &visitor.words));
        let Some(pinned) = pinned.filter(|_| !instance.tasks.is_empty()) else { continue };
        let Some(state) = back((instance, pinned), &company.at, (person, company.now)) else { continue };
        let arrival = past::arrival(app, (instance, pinned), Some(state), &visitor.words).await?;
        all.push(Asked::back((instance, pinned), (state, arrival.as_ref()), person, &visitor.words));
    }
    Ok(all)
}

fn more(view: View, tag: Option<&str>, last: TaskId) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("view", view.name());
    if let Some(tag) = tag {
        query.append_pair("tag", tag);
    }
    query.append_pair("after", &last.to_string());
    format!("/inbox?{}", query.finish())
}

/// One of those that were selected, as its row says.
struct Chosen {
    task: TaskId,
    etag: String,
    step: String,
    behalf: Option<PersonId>,
    /// What asks: the workflow, the state and the step.
    rule: (String, String, String),
}

impl Chosen {
    fn read(text: &str) -> Option<Self> {
        let [task, etag, step, behalf, workflow, state] =
            <[&str; 6]>::try_from(text.split('\t').collect::<Vec<_>>()).ok()?;
        let rule = (workflow.to_owned(), state.to_owned(), step.to_owned());
        let behalf = Some(behalf).filter(|behalf| !behalf.is_empty()).map(PersonId::from);
        Some(Self { task: task.parse().ok()?, etag: etag.to_owned(), step: step.to_owned(), behalf, rule })
    }
}

const MIXED: &str = "Several are decided at once only where the same step asks: select those of one kind.";

/// Decides those that were selected: each by itself, each with its own answer.
pub(super) async fn decide(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let act = match fields.get("act") {
        Some("approve") => Act::Approve,
        Some("reject") => Act::Reject,
        _ => return Err(Problem::invalid("/act", "approve or reject: press one of the two")),
    };
    let chosen: Option<Vec<Chosen>> = fields.all("task").map(Chosen::read).collect();
    let chosen = chosen.ok_or_else(|| Problem::invalid("/task", "load the inbox again, then select"))?;
    let wrong = match chosen.first() {
        None => Some("Select what to decide first."),
        Some(_) if chosen.len() > AT_ONCE => Some("These are too many at once: select a hundred at most."),
        Some(first) if chosen.iter().any(|one| one.rule != first.rule) => Some(MIXED),
        Some(_) if act == Act::Reject && fields.get("reason").is_none() => Some("Write why they are rejected."),
        Some(_) => None,
    };
    let again = |why: &'static str| Wrong {
        why: Some(why),
        picked: chosen.iter().map(|one| one.task).collect(),
        reason: fields.get("reason").unwrap_or_default().to_owned(),
    };
    if let Some(wrong) = wrong {
        let wish = Wish { view: fields.get("view").unwrap_or_default().to_owned(), ..Wish::default() };
        return refused(&Problem::invalid("", wrong), page(&app, &visitor, &wish, &again(wrong)).await?);
    }
    let mut tasks = Vec::new();
    for one in &chosen {
        tasks.push(app.desk().task(visitor.caller.tenant(), one.task).await.ok());
    }
    // What a row says of itself, whoever sends it may have written.
    if tasks.iter().flatten().map(|task| (&task.workflow, &task.state)).collect::<BTreeSet<_>>().len() > 1 {
        let text = page(&app, &visitor, &Wish::default(), &again(MIXED)).await?;
        return refused(&Problem::invalid("", MIXED), text);
    }
    let mut outcomes = Vec::new();
    for (one, task) in chosen.iter().zip(tasks) {
        outcomes.push(each((&app, &visitor), &fields, act, (one, task)).await?);
    }
    html(Outcomes::new(outcomes).page(&visitor.reader()))
}

async fn each(
    (app, visitor): (&App, &Visitor),
    fields: &Fields,
    act: Act,
    (one, task): (&Chosen, Option<TaskView>),
) -> Result<Done, Problem> {
    let decision = Decision {
        step: Some(one.step.as_str().into()),
        reason: fields.get("reason").map(str::to_owned),
        on_behalf_of: one.behalf.clone(),
        ..Decision::of(act)
    };
    let verb = decision.verb(one.task, Some(one.etag.clone()))?;
    let mut command = fields.command(&visitor.caller, "/inbox", verb)?;
    let own = Digest::of(one.task.to_string()).to_string();
    command.request = format!("{}-{}", command.request, &own[..16]).as_str().into();
    let definition = app.desk().definition(&one.rule.0);
    let row = task.map(|task| Row::of(&task, definition.as_deref(), None, &visitor.words));
    let title = row.map_or_else(|| one.task.to_string(), |row| row.title());
    let href = format!("/tasks/{}", one.task);
    Ok(match app.submit(command).await {
        Ok(done) => match came(app, visitor.caller.tenant(), &done.answer).await? {
            Some(came) => Done { href, title, done: came == Came::Stuck, said: came.in_words(None) },
            None => {
                let state = done.answer.state.as_deref().unwrap_or_default();
                Done { href, title, done: true, said: now_in(definition.as_deref(), state) }
            }
        },
        Err(why) => Done { href, title, done: false, said: Problem::from(why).detail().to_owned() },
    })
}
