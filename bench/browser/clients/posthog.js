// The slim build, which fetches nothing, with everything off that is no event. Each event is sent at once, by a fetch that outlives the
// page: batched it would wait three seconds in memory. "send_instantly" also has it compressed before the call returns; otherwise that is
// done in the background, and half of the events of a tab that ends at once are still there. Not compressed at all, they would be sent as
// JSON, for which the browser asks for permission first.
import posthog from "posthog-js/dist/module.slim.no-external";

let ready = false;
posthog.init("bench", {
  api_host: `${COLLECTOR}/posthog`,
  request_batching: false,
  advanced_disable_flags: true,
  disable_external_dependency_loading: true,
  disable_session_recording: true,
  disable_surveys: true,
  autocapture: false,
  capture_pageview: false,
  capture_pageleave: false,
  opt_out_useragent_filter: true,
  persistence: "localStorage",
  loaded: () => (ready = true),
});
globalThis.bench = {ready: () => ready, send: (name, fields) => void posthog.capture(name, fields, {send_instantly: true})};
