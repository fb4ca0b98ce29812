// The published vectors, through the built tool.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {answered, FIXTURES, tool} from "./tool.mjs";

/** The kinds of identifiers by the first part of a dialect's code. @type {Record<string, string>} */
const KINDS = {
  em: "email", ph: "phone", fn: "first_name", ln: "last_name", db: "date_of_birth", ge: "gender", street: "street",
  city: "city", region: "region", zip: "postal_code", country: "country", id: "external_id",
};

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(new URL(path, FIXTURES), "utf8"));

test("every published vector has the digest that its publisher prints", () => {
  let checked = 0;
  for (const row of json("identifiers.json")) {
    const dialect = json(`destinations/${row.destination}/platform.json`).spellings[row.field];
    const input = row.input.replace(/ \[default calling code 1\]$/, "");
    const american = input !== row.input || row.source.includes("default country is US");
    const country = row.default_country ?? (american ? "US" : undefined);
    const kind = KINDS[dialect.split(".")[0]] ?? "";
    const rows = answered(tool.hash({kind, value: input, country, show: true}));
    const ours = rows.flat().find((one) => one.destination === row.destination && one.dialect === dialect);
    assert.ok(ours, `${row.destination} ${row.field}`);
    const about = `${row.destination} ${row.field} ${JSON.stringify(input)}`;
    if (row.sha256 && ours.form === "sha256") assert.equal(ours.digest, row.sha256, about);
    if (row.normalized === null || row.normalized === undefined) assert.equal(ours.text, undefined, about);
    else if (!/^[0-9a-f]{64}$/i.test(input)) assert.equal(ours.text, row.normalized, about);
    checked += 1;
  }
  assert.ok(checked > 120, `${checked}`);
});

test("what cannot be used is told with its reason, and nothing of it is", () => {
  let refused = 0;
  for (const {field, input, default_country: country, expected, code} of json("identifiers_faults.json")) {
    if (expected !== null || code === undefined) continue;
    const rows = answered(tool.hash({kind: field, value: input, country})).flat();
    assert.ok(rows.some((row) => row.code === code), `${field} ${JSON.stringify(input)}: ${JSON.stringify(rows)}`);
    assert.ok(rows.every((row) => row.code === undefined || row.words), JSON.stringify(rows));
    refused += 1;
  }
  assert.ok(refused > 60, `${refused}`);
});

test("the plain text is shown only where it is asked for", () => {
  const quiet = JSON.stringify(tool.hash([{kind: "email", value: "Elena.Brandt@shop.example"}, {kind: "city", value: "Elenadorf"}]));
  assert.ok(!/elena/i.test(quiet), quiet);
  assert.match(JSON.stringify(tool.hash({kind: "city", value: "Elenadorf", show: true})), /"text":"elenadorf"/);
});
