//! What waits for somebody, and several decisions at once.

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
use super::{Visitor, csv, html, past, refused};
use crate::app::App;
use crate::desk::{Company, TaskView};
use crate::page::{
    Asked, Came, Done, Errand, Group, Inbox, Outcomes, Row, Rule, Undecided, View, back, errands, now_in,
};
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
    /// `csv`: as a table for programs.
    #[serde(default, rename = "as")]
    form: String,
}

/// The inbox.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    if wish.form == "csv" {
        return csv(&app, "inbox", &visitor, &inbox(&app, &visitor, &wish).await?);
    }
    html(page(&app, &visitor, &wish, Undecided::default()).await?)
}

impl Wish {
    /// What was shown where a form stood.
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        let after = fields.get("after").and_then(|after| after.parse().ok());
        Self { view: text("view"), tag: Some(text("tag")), q: text("q"), after, form: String::new() }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    undecided: Undecided,
) -> Result<anyhow::Result<String>, Problem> {
    let inbox = inbox(app, visitor, wish).await?.failing(undecided);
    Ok(inbox.page(&visitor.reader()))
}

async fn inbox(app: &App, visitor: &Visitor, wish: &Wish) -> Result<Inbox, Problem> {
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
    let of = |task: &TaskView| Row::of(task, reader, &visitor.words);
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
    let (asked, errands, looked) = if all { asked(app, visitor, &company).await? } else { Default::default() };
    let page = Inbox::new((view, tag.as_deref(), query), !reports.is_empty(), rows, (wish.after, more), once);
    Ok(page.asking(asked, errands, looked))
}

/// Questions, what waits for a word, and among how many documents they were looked for.
type Beside = (Vec<Asked>, Vec<Errand>, Option<i64>);

/// The questions that wait for an answer of his, and what came back to him: they are in no list of those who may act, since they
/// decide nothing. And what waits for the word of a role that he holds. With among how many documents both were looked for,
/// where there may be more.
async fn asked(app: &App, visitor: &Visitor, company: &Company) -> Result<Beside, Problem> {
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
    let known = newest.iter().filter_map(|row| Some((row, &**library.pinned(row.definition)?)));
    let looked = (i64::try_from(newest.len()).unwrap_or(QUESTIONED) >= QUESTIONED).then_some(QUESTIONED);
    Ok((all, errands(known, &company.at, (person, company.now)), looked))
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
}

impl Chosen {
    fn read(text: &str) -> Option<Self> {
        let [task, behalf, step, etag] = <[&str; 4]>::try_from(text.split('\t').collect::<Vec<_>>()).ok()?;
        let behalf = Some(behalf).filter(|behalf| !behalf.is_empty()).map(PersonId::from);
        Some(Self { task: task.parse().ok()?, etag: etag.to_owned(), step: step.to_owned(), behalf })
    }
}

/// The same with its task and with what asks for it, which whoever sends a row cannot have written; nothing: it is not there.
type Known = (Chosen, Option<(TaskView, Rule)>);

const MIXED: &str = "What is selected was asked for by different rules, and several are decided at once only where the same one \
                     asked. All of it is still selected: narrow it to those of one rule, and then decide.";

/// Decides those that were selected: each by itself, each with its own answer.
pub(super) async fn decide(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let chosen: Option<Vec<Chosen>> = fields.all("task").map(Chosen::read).collect();
    let chosen = chosen.ok_or_else(|| Problem::invalid("/task", "load the inbox again, then select"))?;
    let mut selected: Vec<Known> = Vec::new();
    for one in chosen {
        // More are not decided anyway.
        let task = match selected.len() {
            less if less < AT_ONCE => app.desk().task(visitor.caller.tenant(), one.task).await.ok(),
            _ => None,
        };
        let rule = task.map(|task| (Rule::of(&task, &one.step), task)).map(|(rule, task)| (task, rule));
        selected.push((one, rule));
    }
    if let Some(only) = fields.get("only") {
        let text = page(&app, &visitor, &Wish::of(&fields), narrowed(&selected, only, &fields)).await?;
        return html(text);
    }
    let act = match fields.get("act") {
        Some("approve") => Act::Approve,
        Some("reject") => Act::Reject,
        _ => return Err(Problem::invalid("/act", "approve or reject: press one of the two")),
    };
    if let Some(undecided) = undecided(&selected, act, &fields) {
        let problem = Problem::invalid("", undecided.why.unwrap_or_default());
        return refused(&problem, page(&app, &visitor, &Wish::of(&fields), undecided).await?);
    }
    let mut outcomes = Vec::new();
    for one in &selected {
        outcomes.push(each((&app, &visitor), &fields, act, one).await?);
    }
    html(Outcomes::new(outcomes).page(&visitor.reader()))
}

/// Why those that were selected are not decided.
fn undecided(selected: &[Known], act: Act, fields: &Fields) -> Option<Undecided> {
    let mut groups =
        Group::all(selected.iter().filter_map(|(_, known)| known.as_ref()).map(|(task, rule)| (rule, task)));
    let why = match selected.len() {
        0 => "Select what to decide first.",
        many if many > AT_ONCE => "These are too many at once: select a hundred at most.",
        _ if groups.len() > 1 => MIXED,
        _ if act == Act::Reject && fields.get("reason").is_none() => "Write why they are rejected.",
        _ => return None,
    };
    groups.retain(|_| why == MIXED);
    let reason = fields.get("reason").unwrap_or_default().to_owned();
    let picked = selected.iter().map(|(one, _)| one.task).collect();
    Some(Undecided { why: Some(why), groups, picked, reason, narrowed: None })
}

/// Of those that were selected the ones that one rule asked for.
fn narrowed(selected: &[Known], only: &str, fields: &Fields) -> Undecided {
    let own = |(one, known): &Known| {
        Some((one.task, known.as_ref().filter(|(_, rule)| rule.key() == only)?.1.said().to_owned()))
    };
    let (picked, said): (Vec<TaskId>, Vec<String>) = selected.iter().filter_map(own).unzip();
    let told = match (said.first(), picked.len()) {
        (None, _) => "Nothing of what was selected is asked for by that rule any more.".to_owned(),
        (Some(said), 1) => format!("Selected is the one that was asked for by {said}. Nothing is decided yet."),
        (Some(said), many) => format!("Selected are the {many} that were asked for by {said}. Nothing is decided yet."),
    };
    let reason = fields.get("reason").unwrap_or_default().to_owned();
    Undecided { narrowed: Some(told), picked, reason, ..Undecided::default() }
}

async fn each(
    (app, visitor): (&App, &Visitor),
    fields: &Fields,
    act: Act,
    (one, known): &Known,
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
    let task = known.as_ref().map(|(task, _)| task);
    let row = task.map(|task| Row::of(task, None, &visitor.words));
    let title = row.map_or_else(|| one.task.to_string(), |row| row.title());
    let href = format!("/tasks/{}", one.task);
    Ok(match app.submit(command).await {
        Ok(done) => match came(app, visitor.caller.tenant(), &done.answer).await? {
            Some(came) => Done { href, title, done: came == Came::Stuck, said: came.in_words(None) },
            None => {
                let state = done.answer.state.as_deref().unwrap_or_default();
                let said = now_in(task.map(|task| &*task.definition), state);
                Done { href, title, done: true, said }
            }
        },
        Err(why) => Done { href, title, done: false, said: Problem::from(why).detail().to_owned() },
    })
}
