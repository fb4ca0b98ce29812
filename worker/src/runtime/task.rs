//! Requests as tasks that JavaScript carries on.
//!
//! A promise that Rust waits for costs two closures, a queue and a microtask of its own, several times what it is waited for.
//! So a request, which waits for one thing at a time, hands each promise back to the JavaScript that called it, which waits
//! and comes again with what it came to. Where several things are waited for at once, everything is as anywhere else.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use worker::js_sys::Promise;
use worker::js_sys::futures::JsFuture;
use worker::wasm_bindgen::prelude::*;

use crate::runtime::console_error;

#[wasm_bindgen(module = "/src/runtime/task.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = carryOnWith)]
    fn carry_on_with(
        resume: &Closure<dyn Fn(u32, JsValue, bool) -> Result<JsValue, JsValue>>,
        forget: &Closure<dyn Fn(u32)>,
    );
    fn carry(task: u32, promise: Promise) -> Promise;
}

type Task = Pin<Box<dyn Future<Output = JsValue>>>;

/// Why a task that was dropped has no result.
const STUCK: &str = "a task waits for nothing";

/// Where a task is while it is carried on; `Away` while none is.
#[derive(Default)]
enum Turn {
    #[default]
    Away,
    Going,
    /// It waits for this.
    Waits(Promise),
    /// What it waited for came to this.
    Came(Result<JsValue, JsValue>),
}

/// What came of carrying a task on.
enum Turned {
    Done(JsValue),
    /// It waits for this.
    Waits(Promise),
    /// It waits for what nobody was told of, which would be for ever.
    Stuck,
}

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::Away) };
    static TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
}

/// Says how tasks are carried on. Once, before the first one.
pub(super) fn start() {
    let resume = Closure::new(|task: u32, value: JsValue, failed: bool| {
        resume(task, if failed { Err(value) } else { Ok(value) })
    });
    let end = Closure::new(|task: u32| drop(take(task)));
    carry_on_with(&resume, &end);
    resume.forget();
    end.forget();
}

/// Takes a task out of those that wait.
fn take(place: u32) -> Option<Task> {
    TASKS.with_borrow_mut(|tasks| tasks.get_mut(place as usize).and_then(Option::take))
}

/// Puts a task among those that wait.
fn put(place: usize, task: Task) {
    TASKS.with_borrow_mut(|tasks| {
        if let Some(slot) = tasks.get_mut(place) {
            *slot = Some(task);
        }
    });
}

/// Puts a task among those that wait, in a free place.
fn keep(task: Task) -> usize {
    let place = TASKS.with_borrow_mut(|tasks| {
        let free = tasks.iter().position(Option::is_none);
        free.unwrap_or_else(|| {
            tasks.push(None);
            tasks.len() - 1
        })
    });
    put(place, task);
    place
}

/// Runs a task: its result where it waits for nothing, or a promise of it. It waits with [`wait`] only, and for one thing
/// at a time. One that waits for anything else is dropped, and the promise fails.
pub(crate) fn run(task: impl Future<Output = JsValue> + 'static) -> JsValue {
    let mut task: Task = Box::pin(task);
    match turn(&mut task, Turn::Going) {
        Turned::Done(value) => value,
        Turned::Waits(promise) => {
            let place = keep(task);
            carry(u32::try_from(place).unwrap_or(u32::MAX), promise).into()
        }
        Turned::Stuck => {
            console_error!("{STUCK}");
            Promise::reject(&JsValue::from_str(STUCK)).into()
        }
    }
}

/// Carries a task on: its result, or the next promise that it waits for.
///
/// # Errors
/// It was dropped. That is thrown, and is no promise that fails: JavaScript would wait for such a one and come again with
/// the number of a place that another task may have by then.
fn resume(place: u32, came: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    match go_on(place, came) {
        Turned::Done(value) => Ok(value),
        Turned::Waits(promise) => Ok(promise.into()),
        Turned::Stuck => {
            console_error!("{STUCK}");
            Err(JsValue::from_str(STUCK))
        }
    }
}

fn go_on(place: u32, came: Result<JsValue, JsValue>) -> Turned {
    // Nobody resumes what is not there.
    let Some(mut task) = take(place) else {
        return Turned::Done(JsValue::UNDEFINED);
    };
    let turned = turn(&mut task, Turn::Came(came));
    if let Turned::Waits(_) = turned {
        put(place as usize, task);
    }
    turned
}

fn turn(task: &mut Task, turn: Turn) -> Turned {
    let outer = TURN.replace(turn);
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    match (polled, TURN.replace(outer)) {
        (Poll::Ready(value), _) => Turned::Done(value),
        (Poll::Pending, Turn::Waits(promise)) => Turned::Waits(promise),
        (Poll::Pending, _) => Turned::Stuck,
    }
}

/// Waits for a promise.
pub(super) fn wait(promise: Promise) -> Wait {
    Wait(Waiting::Asked(promise))
}

/// See [`wait`].
#[derive(Debug)]
#[must_use]
pub(super) struct Wait(Waiting);

#[derive(Debug)]
enum Waiting {
    Asked(Promise),
    /// JavaScript waits.
    Handed,
    /// No task, but one of those that the crate `worker` runs.
    Spawned(JsFuture),
}

impl Future for Wait {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Waiting::Asked(promise) = &self.0 {
            let promise = promise.clone();
            match TURN.take() {
                Turn::Away => self.0 = Waiting::Spawned(JsFuture::from(promise)),
                _ => {
                    TURN.set(Turn::Waits(promise));
                    self.0 = Waiting::Handed;
                    return Poll::Pending;
                }
            }
        }
        match &mut self.0 {
            Waiting::Spawned(future) => Pin::new(future).poll(context),
            Waiting::Asked(_) | Waiting::Handed => match TURN.replace(Turn::Going) {
                Turn::Came(result) => Poll::Ready(result),
                other => {
                    TURN.set(other);
                    Poll::Pending
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without JavaScript there are no promises, so a task either ends or is stuck.
    #[test]
    fn a_task_that_waits_for_nothing_is_dropped_and_its_place_is_free() {
        assert!(matches!(
            turn(&mut (Box::pin(std::future::pending()) as Task), Turn::Going),
            Turned::Stuck
        ));
        let place = keep(Box::pin(std::future::pending()));
        let number = u32::try_from(place).unwrap();
        let came = || Ok(JsValue::UNDEFINED);
        assert!(matches!(go_on(number, came()), Turned::Stuck));
        // The next one has the place, and is carried on by its own number only.
        let next = keep(Box::pin(async { JsValue::NULL }));
        assert_eq!(next, place);
        assert!(matches!(go_on(number + 1, came()), Turned::Done(_)));
        assert!(take(number).is_some());
    }
}
