#![doc = include_str!("../README.md")]

pub mod address;
pub mod answer;
pub mod at;
pub mod decide;
pub mod key;
pub mod layer;
pub mod limiter;
pub mod live;
pub mod local;
pub mod policy;
pub mod settings;
#[cfg(any(feature = "redis", feature = "postgres"))]
pub mod shared;
pub mod shed;
pub mod state;
pub mod store;
pub mod strategy;
pub mod traffic;
pub mod upstream;

pub use ipnet;
pub use jiff;

pub use address::{Header, Proxies};
pub use answer::problem::{Problem, Reason, Refusal, Refused};
pub use answer::{Answers, Decided, Partition};
pub use at::{At, Span};
pub use decide::{Decision, Line, Outcome, Shadow, Ticket, Unit, Verdict};
pub use key::{Caller, Class, Part};
pub use layer::{AtOnce, Call, Ending, LimitLayer, Spawned, Spent};
pub use limiter::{Clock, Counted, Limiter, Observer, Standing, SystemClock, Unknown};
pub use live::Live;
pub use local::Local;
pub use policy::{Away, Headers, Policies, Policy, Shift, TokenLease, covers};
pub use settings::{Fault, Settings};
pub use shed::{Shed, ShedLayer};
pub use state::{Receipt, State};
pub use store::{Store, StoreNow, Weighed};
pub use strategy::{Bucket, Calendar, Fixed, Leases, Log, Ring, Sliding, Strategy, Window};
pub use traffic::{Called, Calls, Recorder, Replayed, Segment};
pub use upstream::Pacer;
