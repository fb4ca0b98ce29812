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

#[wasm_bindgen(module = "/src/runtime/task.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = carryOnWith)]
    fn carry_on_with(
        resume: &Closure<dyn Fn(u32, JsValue, bool) -> JsValue>,
        forget: &Closure<dyn Fn(u32)>,
    );
    fn carry(task: u32, promise: Promise) -> Promise;
}

type Task = Pin<Box<dyn Future<Output = JsValue>>>;

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

/// Runs a task: its result where it waits for nothing, or a promise of it. It waits with [`wait`] only, and for one thing
/// at a time.
pub(crate) fn run(task: impl Future<Output = JsValue> + 'static) -> JsValue {
    let mut task: Task = Box::pin(task);
    match turn(&mut task, Turn::Going) {
        Ok(value) => value,
        Err(promise) => {
            let place = TASKS.with_borrow_mut(|tasks| {
                let free = tasks.iter().position(Option::is_none);
                free.unwrap_or_else(|| {
                    tasks.push(None);
                    tasks.len() - 1
                })
            });
            put(place, task);
            carry(u32::try_from(place).unwrap_or(u32::MAX), promise).into()
        }
    }
}

/// Carries a task on: its result, or the next promise that it waits for.
fn resume(place: u32, came: Result<JsValue, JsValue>) -> JsValue {
    // Nobody resumes what is not there.
    let Some(mut task) = take(place) else {
        return JsValue::UNDEFINED;
    };
    match turn(&mut task, Turn::Came(came)) {
        Ok(value) => value,
        Err(promise) => {
            put(place as usize, task);
            promise.into()
        }
    }
}

fn turn(task: &mut Task, turn: Turn) -> Result<JsValue, Promise> {
    let outer = TURN.replace(turn);
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    match (polled, TURN.replace(outer)) {
        (Poll::Ready(value), _) => Ok(value),
        (Poll::Pending, Turn::Waits(promise)) => Err(promise),
        // It waits for what nobody was told of, which would be for ever.
        (Poll::Pending, _) => Err(Promise::reject(&JsValue::from_str(
            "a task waits for nothing",
        ))),
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
