//! The queues.

use edgetally_core::delivery::Queue;
use worker::Env;
use worker::js_sys::Promise;
use worker::wasm_bindgen::prelude::*;

use crate::runtime::Unavailable;
use crate::runtime::task::wait;

#[wasm_bindgen(module = "/src/runtime/queue.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = send)]
    fn send_to(env: &JsValue, queue: &str, text: &str, delay: u32) -> Promise;
    #[wasm_bindgen(js_name = sendAll)]
    fn send_all_to(env: &JsValue, texts: Vec<JsValue>, sizes: Vec<u32>) -> Promise;
    #[wasm_bindgen(js_name = sendMany)]
    fn send_many_to(
        env: &JsValue,
        queue: &str,
        texts: Vec<String>,
        delays: Vec<u32>,
        parts: Vec<u32>,
    ) -> Promise;
    #[wasm_bindgen(js_name = texts)]
    fn texts_of(batch: &JsValue) -> Vec<String>;
    #[wasm_bindgen(js_name = settle)]
    fn settle_of(batch: &JsValue, done: &[u8], again: u32);
    #[wasm_bindgen(js_name = deliveries)]
    fn deliveries_of(batch: &JsValue) -> Vec<u32>;
}

/// Makes messages durable, one after the other; gives how many are.
pub(crate) async fn send_all(env: &Env, messages: &[String]) -> usize {
    match messages {
        [] => 0,
        [message] => {
            let sent = wait(send_to(env, binding(Queue::Main), message, 0)).await;
            usize::from(sent.is_ok())
        }
        many => {
            let texts = many.iter().map(|text| JsValue::from_str(text));
            let sizes = many
                .iter()
                .map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX));
            let sent = wait(send_all_to(env, texts.collect(), sizes.collect())).await;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of messages"
            )]
            sent.map_or(0, |sent| sent.as_f64().unwrap_or_default() as usize)
        }
    }
}

pub(crate) async fn send(
    env: &Env,
    message: &str,
    delay_seconds: u32,
    queue: Queue,
) -> Result<(), Unavailable> {
    wait(send_to(env, binding(queue), message, delay_seconds)).await?;
    Ok(())
}

/// Makes messages durable, each with its delay; neighbours that are of the same index all or none. Gives whether each was
/// taken, and how many calls it took.
pub(crate) async fn send_many(
    env: &Env,
    messages: Vec<(String, u32)>,
    indexes: &[usize],
    queue: Queue,
) -> (Vec<bool>, u32) {
    if messages.is_empty() {
        return (Vec::new(), 0);
    }
    let many = messages.len();
    let (texts, delays) = messages.into_iter().unzip();
    let parts = indexes
        .iter()
        .map(|index| u32::try_from(*index).unwrap_or(u32::MAX));
    let sent = send_many_to(env, binding(queue), texts, delays, parts.collect());
    // It never rejects.
    let text = wait(sent).await.ok().and_then(|value| value.as_string());
    let text = text.unwrap_or_default();
    let (calls, taken) = text.split_once(':').unwrap_or_default();
    let mut taken: Vec<bool> = taken.bytes().map(|byte| byte == b'1').collect();
    taken.resize(many, false);
    (taken, calls.parse().unwrap_or(0))
}

/// Messages that a queue hands over.
#[derive(Debug)]
pub(crate) struct Batch {
    inner: JsValue,
    /// The queue's name.
    pub(crate) queue: String,
    /// Id and body of each; a body that is no text is empty.
    pub(crate) messages: Vec<(String, String)>,
    /// How often the queue has handed over each of them, this time included.
    pub(crate) deliveries: Vec<u32>,
}

impl Batch {
    pub(crate) fn new(inner: JsValue) -> Self {
        let mut texts = texts_of(&inner).into_iter();
        let queue = texts.next().unwrap_or_default();
        let mut messages = Vec::new();
        while let (Some(id), Some(body)) = (texts.next(), texts.next()) {
            messages.push((id, body));
        }
        Self {
            queue,
            messages,
            deliveries: deliveries_of(&inner),
            inner,
        }
    }

    /// Takes the messages that are done with off the queue; the others come again, after a while.
    pub(crate) fn settle(&self, done: &[bool], again_seconds: u32) {
        let done: Vec<u8> = done.iter().map(|done| u8::from(*done)).collect();
        settle_of(&self.inner, &done, again_seconds);
    }
}

/// The binding of a queue.
const fn binding(queue: Queue) -> &'static str {
    match queue {
        Queue::Main => "EVENTS",
        Queue::Slow => "SLOW",
    }
}
