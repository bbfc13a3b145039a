//! Pictures of workflows and of their instances: drawn once, on threads that may be busy, and kept for whoever asks next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use fluxor_engine::definition::Definition;
use fluxor_engine::draw::{self, Dress, Earlier, Format, Marks, NotDrawn};
use fluxor_engine::ids::{DefinitionHash, InstanceId};
use fluxor_engine::instance::Instance;
use fluxor_engine::migrate::Went;
use tokio::sync::Semaphore;

use crate::desk::{Desk, NotDone};

/// So many pictures are kept.
const KEPT: usize = 64;

/// And no more than so many bytes of them.
const BYTES: usize = 16 << 20;

/// So many are drawn at a time: laying out a large one keeps a processor busy for seconds.
const AT_ONCE: usize = 2;

/// Entries of an instance that are read at a time.
const PAGE: i64 = 500;

/// What is drawn: the definition, and of an instance which and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subject {
    definition: DefinitionHash,
    instance: Option<(InstanceId, i64)>,
    format: Format,
    dress: Dress,
}

/// The pictures that were drawn last.
pub(crate) struct Pictures {
    kept: Arc<Mutex<Kept>>,
    turns: Arc<Semaphore>,
}

/// Pictures by what they are of, the last asked for at the end.
type Kept = VecDeque<(Subject, Arc<str>)>;

impl Default for Pictures {
    fn default() -> Self {
        Self { kept: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum Missing {
    /// It cannot be drawn.
    NotDrawn(NotDrawn),
    /// The instance cannot be read.
    NotDone(NotDone),
    /// The thread that drew it has ended.
    Broken,
}

impl From<NotDone> for Missing {
    fn from(why: NotDone) -> Self {
        Self::NotDone(why)
    }
}

impl Pictures {
    /// The picture of a definition.
    pub(crate) async fn workflow(
        &self,
        definition: Arc<Definition>,
        format: Format,
        dress: Dress,
    ) -> Result<Arc<str>, Missing> {
        let subject = Subject { definition: definition.hash, instance: None, format, dress };
        match self.known(subject) {
            Some(picture) => Ok(picture),
            None => self.drawn(subject, definition, None).await,
        }
    }

    /// The picture of an instance.
    pub(crate) async fn instance(
        &self,
        desk: &dyn Desk,
        (instance, definition): (Instance, Arc<Definition>),
        format: Format,
        dress: Dress,
    ) -> Result<Arc<str>, Missing> {
        let at = Some((instance.id, instance.seq));
        let subject = Subject { definition: definition.hash, instance: at, format, dress };
        if let Some(picture) = self.known(subject) {
            return Ok(picture);
        }
        let marks = marks(desk, &instance, &definition).await?;
        self.drawn(subject, definition, Some(marks)).await
    }

    fn known(&self, subject: Subject) -> Option<Arc<str>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let ix = kept.iter().position(|(known, _)| *known == subject)?;
        // Whoever was asked for last goes last.
        let found = kept.remove(ix)?;
        let picture = found.1.clone();
        kept.push_back(found);
        Some(picture)
    }

    async fn drawn(
        &self,
        subject: Subject,
        definition: Arc<Definition>,
        marks: Option<Marks>,
    ) -> Result<Arc<str>, Missing> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Missing::Broken)?;
        // Somebody may have waited for the same one.
        if let Some(picture) = self.known(subject) {
            return Ok(picture);
        }
        // Whoever gives up leaves the work behind: the turn ends with it, and the picture is kept all the same.
        let kept = self.kept.clone();
        let draw = move || {
            let _turn = turn;
            let picture = draw::draw(&definition, marks.as_ref(), subject.format, subject.dress)?;
            let picture: Arc<str> = picture.into();
            keep(&mut kept.lock().unwrap_or_else(PoisonError::into_inner), subject, picture.clone());
            Ok(picture)
        };
        let picture = tokio::task::spawn_blocking(draw).await.map_err(|error| {
            tracing::error!(%error, "a picture could not be drawn");
            Missing::Broken
        })?;
        picture.map_err(Missing::NotDrawn)
    }
}

/// Keeps a picture, and lets go of the oldest ones.
fn keep(kept: &mut Kept, subject: Subject, picture: Arc<str>) {
    kept.push_back((subject, picture));
    while kept.len() > KEPT || kept.iter().map(|(_, picture)| picture.len()).sum::<usize>() > BYTES {
        kept.pop_front();
    }
}

/// What is marked of an instance, as its entries tell it.
pub(crate) async fn marks(desk: &dyn Desk, instance: &Instance, definition: &Definition) -> Result<Marks, NotDone> {
    let (walked, earlier) = way(desk, instance).await?;
    Ok(Marks::of(definition, instance, &walked).after(definition, &earlier))
}

/// The arrows that it has walked by now, in order; before them, those by each definition that it had.
async fn way(desk: &dyn Desk, instance: &Instance) -> Result<(Vec<usize>, Vec<Earlier>), NotDone> {
    let (mut walked, mut earlier, mut after) = (Vec::new(), Vec::new(), 0);
    // Arrows are numbered in each definition.
    let mut by: Option<DefinitionHash> = None;
    while after < instance.seq {
        let entries = desk.entries(instance.tenant, instance.id.into(), after, PAGE).await?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for entry in entries.iter().filter(|entry| entry.seq <= instance.seq) {
            let decided_by = entry.parsed().ok().and_then(|header| header.definition);
            if let Some(old) = by.filter(|_| decided_by.is_some() && by != decided_by) {
                let (walked, went) = (std::mem::take(&mut walked), Went::read(&entry.body));
                earlier.push(Earlier { definition: desk.definition_by(old).await?, walked, went });
            }
            by = decided_by.or(by);
            walked.extend(draw::walked(&entry.body));
        }
    }
    Ok((walked, earlier))
}
