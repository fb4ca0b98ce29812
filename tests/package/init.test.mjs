// `edgetally init`, from the tarball: with a terminal, without one, with half of one.

import assert from "node:assert/strict";
import {spawn, spawnSync} from "node:child_process";
import {existsSync, readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {after, test} from "node:test";
import {AWKWARD, OWN, VERSION, command, environment, install, run, temporary} from "./support.mjs";

const WRITTEN = [".github", ".gitignore", "package.json", "wrangler.toml"];
/** How long a question that nobody can answer may be waited for. It is asked at once or not at all. */
const PATIENCE_MS = 20_000;

/** @param {string} folder what is there but for what was installed */
const files = (folder) => readdirSync(folder).filter((name) => !["node_modules", "package-lock.json"].includes(name)).sort();

const home = temporary({after});
install(home);

/** Runs it in another folder than the one that it is installed in. @param {import("node:test").TestContext} context @param {string[]} args @param {Parameters<typeof run>[2]} [options] */
const init = async (context, args, options) => {
  const folder = temporary(context, AWKWARD);
  return {folder, ...(await run(home, ["init", ...args], {cwd: folder, ...options}))};
};

test("without a terminal: exit 2, the missing flags named, no file", async (context) => {
  const {folder, code, stderr} = await init(context, []);
  assert.equal(code, 2);
  for (const flag of ["--site", "--country", "--destinations", "--consent", "--yes"]) assert.ok(stderr.includes(flag), flag);
  assert.deepEqual(files(folder), []);
});

test("half of the flags: only the other half is named", async (context) => {
  const {folder, code, stdout, stderr} = await init(context, ["--site", "https://shop.example", "--consent", "required"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /--country, --destinations are missing/);
  assert.ok(!stderr.includes("--site"));
  assert.deepEqual(files(folder), []);
});

test("--yes and all flags: files, exit 0, the next three commands", async (context) => {
  for (const args of [["--yes"], OWN]) {
    const {folder, code, stdout} = await init(context, args);
    assert.equal(code, 0);
    assert.deepEqual(files(folder), WRITTEN);
    for (const next of ["npm install", "npx edgetally dev", "npx edgetally deploy"]) assert.ok(stdout.includes(next), next);
    const {name, devDependencies} = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    assert.match(name, /^[a-z0-9-]+$/);
    assert.equal(devDependencies.edgetally, VERSION);
    assert.ok(devDependencies.wrangler);
    const workflow = readFileSync(join(folder, ".github/workflows/deploy.yml"), "utf8");
    assert.match(workflow, /npx edgetally deploy/);
  }
});

test("what it writes names no folder of the repository, and no secret under vars", async (context) => {
  const {folder} = await init(context, OWN);
  const text = readFileSync(join(folder, "wrangler.toml"), "utf8");
  assert.ok(!/worker\/build|scripts\/|\bmake /.test(text));
  const vars = text.slice(text.indexOf("[vars"));
  for (const line of vars.split("\n").filter((one) => !one.startsWith("#"))) assert.ok(!/^(META_ACCESS_TOKEN|GA4_API_SECRET|SHOP_SECRET|EDGETALLY_\w+)\s*=/.test(line), line);
  // The object of exact claims is bound, its class has a migration, and nothing of either stands there as a comment.
  assert.match(text, /^dedup = "exact"/m);
  assert.match(text, /^name = "CLAIMS_OBJECT"$/m);
  assert.match(text, /^new_sqlite_classes = \["Claims"\]$/m);
  assert.ok(!/^# .*(CLAIMS_OBJECT|"Claims")/m.test(text));
  const checked = await run(home, ["check", "--json", "-C", folder]);
  const {errors, warnings, secrets} = JSON.parse(checked.stdout);
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings.filter((/** @type {string} */ line) => !line.includes("no id yet")), []);
  assert.deepEqual(secrets.map((/** @type {any} */ {name}) => name).sort(), ["EDGETALLY_ADMIN_TOKEN", "EDGETALLY_KEY", "GA4_API_SECRET", "HOOK_SECRET", "META_ACCESS_TOKEN", "SHOP_SECRET"]);
});

test("nothing is overwritten, and nothing made is no success", async (context) => {
  const {folder, code} = await init(context, ["--yes"]);
  assert.equal(code, 0);
  const before = readFileSync(join(folder, "wrangler.toml"), "utf8");
  const again = await run(home, ["init", ...OWN], {cwd: folder});
  assert.equal(again.code, 1);
  assert.match(again.stderr, /is there already; nothing was written/);
  assert.equal(readFileSync(join(folder, "wrangler.toml"), "utf8"), before);

  const other = temporary(context);
  writeFileSync(join(other, "package.json"), '{"name": "mine"}');
  const kept = await run(home, ["init", "--yes"], {cwd: other});
  assert.equal(kept.code, 0);
  assert.equal(readFileSync(join(other, "package.json"), "utf8"), '{"name": "mine"}');
  assert.match(kept.stdout, /npm install --save-dev edgetally "wrangler@\^\d/);
  // From a tarball, say: what the folder has is not asked of the registry.
  const third = temporary(context);
  writeFileSync(join(third, "package.json"), '{"devDependencies": {"edgetally": "file:../edgetally-0.1.0.tgz"}}');
  assert.match((await run(home, ["init", "--yes"], {cwd: third})).stdout, /npm install --save-dev "wrangler@\^\d/);
});

test("wrong answers are told, and nothing is written", async (context) => {
  for (const [flag, value] of [["--site", "not a site"], ["--country", "Germany"], ["--destinations", "metta"], ["--consent", "maybe"], ["--set", "meta.dataset=1"], ["--source", "My Shop"], ["--colour", "red"]]) {
    const {folder, code, stderr} = await init(context, ["--yes", String(flag), String(value)]);
    assert.equal(code, 2, flag);
    assert.ok(stderr.includes(String(flag)), stderr);
    assert.deepEqual(files(folder), [], flag);
  }
});

/** Python's module: it is the one thing here that can make a terminal. */
const python = spawnSync("python3", ["-c", "import pty"]).status === 0;

// Starts argv[3:] with the ends of a pseudo terminal in the places of argv[1], types argv[2], and hands on what it writes.
const TERMINAL = `
import os, pty, re, select, subprocess, sys
places, typed, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
main, end = pty.openpty()
child = subprocess.Popen(command, stdin=end if "i" in places else subprocess.DEVNULL,
    stdout=end if "o" in places else sys.stdout.buffer.fileno(), stderr=sys.stderr.buffer.fileno())
os.close(end)
lines = typed.split(b"|") if typed else []
seen = b""
while True:
    ready, _, _ = select.select([main], [], [], 0.1)
    if ready:
        try:
            text = os.read(main, 65536)
        except OSError:
            break
        if not text:
            break
        os.write(1, text)
        # A question ends with its default in brackets, and what places the cursor.
        seen += re.sub(rb"\\x1b\\[[0-9;?]*[A-Za-z]", b"", text)
        if lines and seen.rstrip(b" ").endswith(b"]"):
            seen = b""
            os.write(main, lines.pop(0) + b"\\n")
    elif child.poll() is not None:
        break
sys.exit(child.wait())
`;

/** @param {string} folder @param {"io" | "i" | "o"} places @param {string} typed @param {Record<string, string | undefined>} [env] @param {string[]} [args] */
const inTerminal = (folder, places, typed, env, args = []) =>
  new Promise((/** @type {(ended: {code: number | null, output: string, errors: string}) => void} */ resolve, reject) => {
    const child = spawn("python3", ["-c", TERMINAL, places, typed, command(home), "init", ...args], {cwd: folder, env: environment(env), stdio: ["ignore", "pipe", "pipe"]});
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error("it waits for an answer that nobody can give"));
    }, PATIENCE_MS);
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({code, output, errors});
    });
  });

test("on a terminal it asks, asks again after a wrong answer, and writes", {skip: !python}, async (context) => {
  const folder = temporary(context, AWKWARD);
  const typed = "https://www.own.example|Germany|de|meta, x||1111222233334444|o9z9z|tw-o9z9z-own01";
  const {code, output} = await inTerminal(folder, "io", typed);
  assert.equal(code, 0, output);
  assert.deepEqual(files(folder), WRITTEN);
  const text = readFileSync(join(folder, "wrangler.toml"), "utf8");
  for (const line of ['origins = ["https://www.own.example"]', 'default_country = "DE"', 'destinations = ["meta","x"]', 'consent = "required"', 'dataset_id = "1111222233334444"', 'tags = {purchase = "tw-o9z9z-own01"}']) {
    assert.ok(text.includes(line), `${line}\n${text}`);
  }
  assert.match(output, /has to be two letters/);
});

test("input a terminal, output a pipe, or the other way, or CI set: not asked", {skip: !python}, async (context) => {
  for (const [places, env] of /** @type {["io" | "i" | "o", Record<string, string>?][]} */ ([["i"], ["o"], ["i", {CI: "1"}], ["io", {CI: "true"}]])) {
    const folder = temporary(context);
    const {code, errors, output} = await inTerminal(folder, places, "", env);
    assert.equal(code, 2, `${places} ${output}`);
    assert.match(errors, /--site, --country, --destinations, --consent are missing/);
    assert.deepEqual(files(folder), []);
  }
});

test("no dependency of its own", () => {
  const {dependencies, scripts} = JSON.parse(readFileSync(join(home, "node_modules/edgetally/package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  assert.equal(scripts, undefined);
  assert.ok(!existsSync(join(home, "node_modules/miniflare")));
});
