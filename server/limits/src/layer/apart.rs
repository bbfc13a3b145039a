//! A decision that is made to its end, although whoever asked for it may be gone by then: a store that has charged a call, or
//! given it a place, is told that nobody took it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What is decided elsewhere: the one end.
pub(super) struct Promise<T> {
    place: Arc<Mutex<Place<T>>>,
}

/// The other end: waits for it. `None`: whoever was to decide is gone.
pub(super) struct Awaited<T, F: FnOnce(T)> {
    place: Arc<Mutex<Place<T>>>,
    /// What is done with it if nobody waits for it any more.
    unwanted: Option<F>,
}

enum Place<T> {
    Open(Option<Waker>),
    There(T),
    /// One of both ends is gone.
    Closed,
}

fn lock<T>(place: &Mutex<Place<T>>) -> MutexGuard<'_, Place<T>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both ends. `unwanted` is what happens to what comes too late, or is not taken.
pub(super) fn pair<T, F: FnOnce(T)>(unwanted: F) -> (Promise<T>, Awaited<T, F>) {
    let place = Arc::new(Mutex::new(Place::Open(None)));
    (Promise { place: Arc::clone(&place) }, Awaited { place, unwanted: Some(unwanted) })
}

impl<T> Promise<T> {
    /// Here it is; comes back if nobody waits for it.
    pub(super) fn keep(self, value: T) -> Result<(), T> {
        let mut place = lock(&self.place);
        match std::mem::replace(&mut *place, Place::Closed) {
            Place::Open(waker) => {
                *place = Place::There(value);
                drop(place);
                if let Some(waker) = waker {
                    waker.wake();
                }
                Ok(())
            }
            _ => Err(value),
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let mut place = lock(&self.place);
        if let Place::Open(waker) = &mut *place {
            let waker = waker.take();
            *place = Place::Closed;
            drop(place);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<T, F: FnOnce(T) + Unpin> Future for Awaited<T, F> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut place = lock(&self.place);
        match std::mem::replace(&mut *place, Place::Closed) {
            Place::There(value) => Poll::Ready(Some(value)),
            Place::Closed => Poll::Ready(None),
            Place::Open(_) => {
                *place = Place::Open(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<T, F: FnOnce(T)> Drop for Awaited<T, F> {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut *lock(&self.place), Place::Closed);
        if let (Place::There(value), Some(unwanted)) = (left, self.unwanted.take()) {
            unwanted(value);
        }
    }
}
