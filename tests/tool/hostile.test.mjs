// Whatever is handed in, an answer comes back: never an exception, never a panic, never what was handed in.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {NOW, tool} from "./tool.mjs";

const toml = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
const TOKEN = "EAABhunter2hunter2";
const deep = 100_000;

/** @type {any} */
const circular = {};
circular.self = circular;

/** No configuration, no event, no question. @type {any[]} */
const WRONG = [
  "", " ", "\0", "\u{feff}", "{", "[]", "null", "1", "\"\"", "[".repeat(deep), '{"a":'.repeat(deep), "{a=".repeat(deep), "a.".repeat(deep),
  `[${"a.".repeat(deep)}a]`, `a = ${"[".repeat(deep)}`, `a = ${"{b=".repeat(deep)}`, `[[${"x".repeat(deep)}]]`, `a = "${TOKEN}`, `${TOKEN} = ${TOKEN}`,
  "vars = 1", "[vars]\nEDGETALLY = 1", '[vars]\nEDGETALLY = "{"', "[vars.EDGETALLY]", "[vars.EDGETALLY]\nsources = 1979-05-27T07:32:00Z",
  "[vars.EDGETALLY.sources.a]\nkey = inf", "[vars.EDGETALLY]\na = 9223372036854775807\nb = nan", "\ud800", "é".repeat(deep), "\r", "a\rb = 1",
  '{"vars": {"EDGETALLY": {"sources": []}}}', '{"__proto__": {"a": 1}}', '{"event": 1e999}', '{"event": "purchase", "event": "purchase"}',
  {}, [], [[]], [null], null, true, 0, -0, NaN, Infinity, {event: "purchase", value: -1e308, event_id: "x".repeat(1e6)}, new Date(NaN),
  {events: Array.from({length: 501}, () => ({event: "page_view", event_id: "a"}))}, {now_ms: "1"}, {now_ms: NOW, as: "neither"}, {now_ms: NOW, source: "nobody"},
];
/** What is neither a text nor JSON. @type {any[]} */
const NOTHING = [undefined, Symbol("x"), 1n, () => 1, circular, {toJSON() { throw new Error(TOKEN); }}];
const TIMES = [NaN, Infinity, -Infinity, 0, -1, 1e300, -1e300, Number.MAX_SAFE_INTEGER, NOW];

/** @type {[string, (wrong: any) => any][]} */
const ASKED = [
  ["check", (wrong) => tool.check(wrong, NOW)],
  ["page", (wrong) => tool.page(wrong)],
  ["sources", (wrong) => tool.sources(wrong)],
  ["hash", (wrong) => tool.hash(wrong)],
  ["hash, its value", (wrong) => tool.hash({kind: "phone", value: wrong, country: "DE"})],
  ["explain, its settings", (wrong) => tool.explain(wrong, {event: "page_view", event_id: "1"}, {now_ms: NOW})],
  ["explain, its event", (wrong) => tool.explain(toml, wrong, {now_ms: NOW})],
  ["explain, its sender", (wrong) => tool.explain(toml, {event: "page_view", event_id: "1"}, wrong)],
  ["explain, the sender's texts", (wrong) => tool.explain(toml, {event: "page_view", event_id: "1"}, {
    now_ms: NOW, country: String(wrong), region: String(wrong), ip: String(wrong), user_agent: String(wrong), referer: String(wrong), cookies: String(wrong),
  })],
  ["explainConsent, its settings", (wrong) => tool.explainConsent(wrong, {consent: {}}, NOW)],
  ["explainConsent", (wrong) => tool.explainConsent("", wrong, NOW)],
  ["explainConsent, its string", (wrong) => tool.explainConsent("", {consent: {tcf: wrong}}, NOW)],
];

/** @param {string} name @param {any} answer */
function judge(name, answer) {
  assert.ok(answer !== null && typeof answer === "object", name);
  const said = JSON.stringify(answer);
  assert.ok(!said.includes("hunter2"), `${name}: ${said}`);
  if (!("error" in answer)) return;
  assert.match(answer.error.code, /^[a-z_0-9]+$/, name);
  assert.notEqual(answer.error.code, "tool_failed", name);
  assert.equal(typeof answer.error.message, "string", name);
}

for (const [name, ask] of ASKED) {
  test(`${name}: an answer to whatever is handed in`, () => {
    for (const wrong of WRONG) judge(name, ask(wrong));
    if (name === "explain, the sender's texts") return;
    for (const nothing of NOTHING) judge(name, ask(nothing));
  });
}

test("any time is one", () => {
  for (const now of TIMES) {
    judge("check", tool.check(toml, now));
    judge("consent", tool.explainConsent(toml, {source: "shop", consent: {tcf: "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"}}, now));
    const event = {event: "purchase", event_id: "1", value: 1, currency: "EUR", consent: {ad_user_data: "granted", analytics_storage: "granted"}};
    judge("explain", tool.explain(toml, event, {now_ms: now}));
    judge("explain", tool.explain(toml, {...event, event_time: now}, {now_ms: NOW}));
  }
});

test("after all that the tool is what it was", () => {
  const checked = tool.check(toml, NOW);
  assert.ok("errors" in checked && checked.errors.length === 0);
});
