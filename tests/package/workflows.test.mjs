// The workflows that deploy, this repository's and the one that `init` writes: what they run is parsed by a shell and by the
// command's own flags, since nobody runs them here.

import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {parseArgs} from "node:util";
import * as deploy from "../../npm/src/commands/deploy.mjs";
import * as gate from "../../npm/src/commands/gate.mjs";
import {ROOT} from "./support.mjs";

const WORDS = {deploy, gate};

/**
 * What a workflow runs of the command, with these variables: the word and its flags.
 * @param {string} file
 * @param {Record<string, string>} env
 */
function commands(file, env) {
  const text = readFileSync(join(ROOT, file), "utf8");
  const scripts = [...text.matchAll(/run: (?:>-\n((?: {10}.+\n)+)|(.+)\n)/g)].map(([, folded, line]) => (folded ?? line ?? "").replace(/\s*\n\s*/g, " ").trim());
  return scripts.filter((script) => /edgetally|make deploy/.test(script)).map((script) => {
    const stubs = 'npx() { printf "%s\\n" "$@"; }; node() { printf "%s\\n" "$@"; }; make() { shift; printf "edgetally\\ndeploy\\n"; printf "%s\\n" ${1#DEPLOY=}; }';
    const [, word = "", ...args] = execFileSync("bash", ["--norc", "-euc", `${stubs}; ${script}`], {env: {...env, PATH: process.env.PATH}, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8"}).trim().split("\n");
    const {flags} = /** @type {Record<string, {flags: NonNullable<import("node:util").ParseArgsConfig["options"]>}>} */ (WORDS)[word] ?? assert.fail(`${file}: ${word}`);
    return [word, parseArgs({args, options: flags, allowPositionals: false, strict: true}).values];
  });
}

const COMMIT = {GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567", GITHUB_RUN_ATTEMPT: "2"};
const TAG = "0123456789ab-2";

for (const file of ["npm/template/deploy.yml", ".github/workflows/deploy.yml"]) {
  test(`${file}: a share first and the gate, where somebody can ask the ledger; then the site's release, where one is named`, () => {
    const site = {RELEASE: "web 2", RELEASE_BEFORE: "web-1", SOURCE: "shop", PREVIOUS: "11111111-1111-4111-8111-111111111111"};
    assert.deepEqual(commands(file, {...COMMIT, ...site, EDGETALLY_ADMIN_TOKEN: "secret"}).map((one) => JSON.parse(JSON.stringify(one))), [
      ["deploy", {tag: TAG, canary: "10", gate: "30m", "on-inconclusive": "pass"}],
      ["gate", {after: "web 2", before: "web-1", source: ["shop"], wait: "2h", "on-inconclusive": "pass", rollback: true, "rollback-to": site.PREVIOUS}],
    ]);
    const none = {RELEASE: "web-2", RELEASE_BEFORE: "", SOURCE: "", PREVIOUS: "", EDGETALLY_ADMIN_TOKEN: ""};
    assert.deepEqual(commands(file, {...COMMIT, ...none}).map((one) => JSON.parse(JSON.stringify(one))), [
      ["deploy", {tag: TAG}],
      ["gate", {after: "web-2", wait: "2h", "on-inconclusive": "pass"}],
    ]);
  });
}
