//! The guard under a clock that runs as fast as nothing happens.

use std::sync::atomic::AtomicUsize;

use super::*;

const UP: usize = 0;
/// Connections are refused.
const DOWN: usize = 1;
/// Nothing is ever answered.
const STOPPED: usize = 2;
/// It connects, and fails to decide.
const FULL: usize = 3;

#[derive(Clone, Default)]
struct Fake {
    state: Arc<AtomicUsize>,
    slow: Arc<AtomicU64>,
    connects: Arc<AtomicUsize>,
    replicas: Arc<AtomicU64>,
}

impl Fake {
    fn set(&self, state: usize) {
        self.state.store(state, Ordering::SeqCst);
    }

    async fn answer(&self) -> Result<(), StoreAway> {
        match self.state.load(Ordering::SeqCst) {
            DOWN => Err(StoreAway("refused".to_owned())),
            STOPPED => std::future::pending().await,
            _ => {
                sleep(Duration::from_millis(self.slow.load(Ordering::SeqCst))).await;
                Ok(())
            }
        }
    }
}

impl Store for Fake {
    async fn weigh<'a>(&'a self, now: At, _: &'a [Asked<'a>], _: &'a [Settling<'a>]) -> Result<Weighed, StoreAway> {
        self.answer().await?;
        if self.state.load(Ordering::SeqCst) == FULL {
            return Err(StoreAway("out of memory".to_owned()));
        }
        Ok(Weighed { at: now, found: Vec::new() })
    }

    async fn settle<'a>(&'a self, _: At, _: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        self.answer().await
    }

    async fn renew<'a>(&'a self, _: At, _: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        self.answer().await.map(|()| true)
    }
}

impl Remote for Fake {
    async fn ping(&self) -> Result<(), StoreAway> {
        self.answer().await
    }

    async fn reconnect(&self) -> Result<(), StoreAway> {
        self.connects.fetch_add(1, Ordering::SeqCst);
        self.answer().await
    }

    async fn enlist(&self, _: &str, _: Span) -> Result<u64, StoreAway> {
        self.answer().await.map(|()| self.replicas.load(Ordering::SeqCst))
    }
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Watcher for Heard {
    fn away(&self, why: &StoreAway) {
        self.0.lock().unwrap().push(format!("away: {}", why.0));
    }

    fn back(&self, after: Duration, alone: u64) {
        self.0.lock().unwrap().push(format!("back after {} s: {alone}", after.as_secs()));
    }
}

impl Heard {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn pass(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

async fn guarded() -> (Fake, Heard, Guarded<Fake>) {
    let (fake, heard) = (Fake::default(), Heard::default());
    let guarded = Guarded::new(fake.clone(), Guard::named("a"), heard.clone());
    guarded.ready().await.unwrap();
    (fake, heard, guarded)
}

/// How long a decision took, and whether the store made it.
async fn decide(guarded: &Guarded<Fake>) -> (Duration, bool) {
    let began = Instant::now();
    let decided = guarded.weigh(At::default(), &[], &[]).await.is_ok();
    (began.elapsed(), decided)
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stops_is_waited_for_once() {
    let (fake, heard, guarded) = guarded().await;
    assert_eq!(decide(&guarded).await, (Duration::ZERO, true));
    fake.set(STOPPED);
    // All that wait are let go together.
    let waited = tokio::join!(decide(&guarded), decide(&guarded), async {
        pass(30).await;
        decide(&guarded).await
    });
    for (took, decided) in [waited.0, waited.1, waited.2] {
        assert!(took <= Duration::from_millis(55) && !decided, "{took:?}");
    }
    for _ in 0..100 {
        assert_eq!(decide(&guarded).await, (Duration::ZERO, false));
        pass(20).await;
    }
    assert_eq!(heard.told(), ["away: it has not answered for 50 ms"]);
    fake.set(UP);
    // A try that is under way takes its time; the next one succeeds.
    pass(3_500).await;
    assert_eq!(decide(&guarded).await, (Duration::ZERO, true));
    let told = heard.told();
    assert!(told.len() == 1 && told[0].starts_with("back after") && told[0].ends_with(": 103"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stops_while_nobody_asks_costs_nobody_anything() {
    let (fake, heard, guarded) = guarded().await;
    pass(500).await;
    fake.set(STOPPED);
    pass(80).await;
    assert!(guarded.is_away());
    assert_eq!(heard.told().len(), 1);
    assert_eq!(decide(&guarded).await, (Duration::ZERO, false));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_is_left_at_once_and_found_again_soon() {
    let (fake, heard, guarded) = guarded().await;
    pass(2_000).await;
    fake.set(DOWN);
    assert_eq!(decide(&guarded).await, (Duration::ZERO, false));
    pass(10_000).await;
    // A few tries a second, and one line.
    let tries = fake.connects.load(Ordering::SeqCst);
    assert!((35..60).contains(&tries), "{tries}");
    assert_eq!(heard.told(), ["away: refused"]);
    fake.set(UP);
    pass(260).await;
    assert_eq!(decide(&guarded).await, (Duration::ZERO, true));
    pass(1_100).await;
    assert_eq!(heard.told(), ["back after 11 s: 1"]);
}

/// A busy store answers late, and is not given up for it.
#[tokio::test(start_paused = true)]
async fn a_store_that_shows_signs_of_life_is_waited_for() {
    let (fake, heard, guarded) = guarded().await;
    pass(100).await;
    fake.slow.store(45, Ordering::SeqCst);
    let (slow, _) = tokio::join!(decide(&guarded), pass(1));
    assert_eq!(slow, (Duration::from_millis(45), true));
    fake.slow.store(120, Ordering::SeqCst);
    // Each answers within the patience after another: the store is alive.
    let begun: Vec<_> = (0..10)
        .map(|place| {
            let guarded = guarded.clone();
            tokio::spawn(async move {
                pass(place * 20).await;
                decide(&guarded).await.1
            })
        })
        .collect();
    drop(begun);
    assert_eq!(heard.told(), Vec::<String>::new());
}

/// It can be reached and cannot decide: told once, and not tried without pause.
#[tokio::test(start_paused = true)]
async fn a_store_that_connects_and_fails_is_told_once() {
    let (fake, heard, guarded) = guarded().await;
    pass(2_000).await;
    fake.set(FULL);
    for _ in 0..500 {
        let _ = decide(&guarded).await;
        pass(20).await;
    }
    let tries = fake.connects.load(Ordering::SeqCst);
    assert!((10..70).contains(&tries), "{tries}");
    assert_eq!(heard.told(), ["away: out of memory"]);
    fake.set(UP);
    pass(300).await;
    assert!(decide(&guarded).await.1);
    pass(1_100).await;
    assert_eq!(heard.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_back_is_told_so_although_nobody_asks() {
    let (fake, heard, guarded) = guarded().await;
    fake.set(DOWN);
    pass(1_000).await;
    fake.set(UP);
    pass(2_000).await;
    assert_eq!(heard.told(), ["away: refused", "back after 2 s: 0"]);
    drop(guarded);
    // Nobody has it any more: nobody looks after it.
    pass(1_000).await;
    let tries = fake.connects.load(Ordering::SeqCst);
    fake.set(DOWN);
    pass(5_000).await;
    assert_eq!(fake.connects.load(Ordering::SeqCst), tries);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_not_there_at_the_start_is_told_and_found_later() {
    let (fake, heard) = (Fake::default(), Heard::default());
    fake.set(DOWN);
    let guarded = Guarded::new(fake.clone(), Guard::named("a"), heard.clone());
    assert_eq!(guarded.ready().await, Err(StoreAway("refused".to_owned())));
    assert_eq!(heard.told(), ["away: refused"]);
    fake.set(UP);
    guarded.ready().await.unwrap();
    assert!(guarded.settle(At::default(), &[]).await.is_ok());
    assert_eq!(guarded.renew(At::default(), &[]).await, Ok(true));
}

/// It comes and goes: that is told once, and it is back when it stays.
#[tokio::test(start_paused = true)]
async fn a_store_that_comes_and_goes_is_away() {
    let (fake, heard, guarded) = guarded().await;
    pass(2_000).await;
    for _ in 0..20 {
        fake.set(DOWN);
        pass(300).await;
        fake.set(UP);
        pass(400).await;
        let _ = decide(&guarded).await;
    }
    assert_eq!(heard.told(), ["away: refused"]);
    pass(1_500).await;
    assert_eq!(heard.told().len(), 1);
}

/// Who was away is not believed at once that there are fewer.
#[tokio::test(start_paused = true)]
async fn fewer_replicas_are_believed_later() {
    let (fake, _, guarded) = guarded().await;
    fake.replicas.store(4, Ordering::SeqCst);
    pass(1_100).await;
    assert_eq!(guarded.replicas(), 4);
    fake.replicas.store(1, Ordering::SeqCst);
    pass(5_000).await;
    assert_eq!(guarded.replicas(), 4);
    pass(8_000).await;
    assert_eq!(guarded.replicas(), 1);
}
