// The page's script, from the tarball: composed, named after what is in it, and served by the gateway.

import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {existsSync, readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {after, test} from "node:test";
import {AWKWARD, OWN, dev, edit, install, run, temporary} from "./support.mjs";

const folder = temporary({after}, AWKWARD);
install(folder);
assert.equal((await run(folder, ["init", ...OWN])).code, 0);
const assets = join(folder, "assets");

test("one source with a key: a short name and one with the hash, the same bytes, with what keeps them", async () => {
  const {code, stdout, stderr} = await run(folder, ["build", "--json"]);
  assert.equal(code, 0, stderr);
  const [written] = JSON.parse(stdout);
  assert.equal(written.path, "/edgetally.js");
  assert.match(written.immutable, /^\/edgetally\.[0-9a-f]{12}\.js$/);
  const bytes = readFileSync(join(assets, written.path));
  assert.deepEqual(readFileSync(join(assets, written.immutable)), bytes);
  assert.ok(written.immutable.includes(createHash("sha256").update(bytes).digest("hex").slice(0, 12)));
  assert.ok(bytes.includes("pk_shop_"), "the key is baked in");
  assert.ok(!bytes.includes("SHOP_SECRET"));
  const headers = readFileSync(join(assets, "_headers"), "utf8");
  assert.match(headers, /^\/edgetally\.js\n {2}Cache-Control: public, max-age=300$/m);
  assert.match(headers, /^\/edgetally\.[0-9a-f]{12}\.js\n {2}Cache-Control: public, max-age=31536000, immutable$/m);
});

test("the gateway serves it, and answers everything else itself; nothing that is stale is left, and nothing else is touched", async (context) => {
  writeFileSync(join(assets, "edgetally.000000000000.js"), "stale");
  writeFileSync(join(assets, "robots.txt"), "User-agent: *");
  assert.equal((await run(folder, ["build"])).code, 0);
  assert.ok(!existsSync(join(assets, "edgetally.000000000000.js")));
  assert.ok(existsSync(join(assets, "robots.txt")));
  const gateway = await dev(context, folder);
  const script = await fetch(`${gateway.url}/edgetally.js`);
  assert.equal(script.status, 200);
  assert.match(script.headers.get("content-type") ?? "", /javascript/);
  assert.equal(await script.text(), readFileSync(join(assets, "edgetally.js"), "utf8"));
  assert.equal((await fetch(`${gateway.url}/v1/health`)).status, 200);
  assert.equal((await fetch(`${gateway.url}/nothing.js`)).status, 404);
});

test("several sources with a key have names of their own; none, none", async (context) => {
  const project = temporary(context);
  await run(folder, ["init", ...OWN], {cwd: project});
  edit(project, "wrangler.toml", (text) => `${text}\n[vars.EDGETALLY.sources.blog]\nkey = "pk_blog_0123456789abcdef"\norigins = ["https://blog.example"]\ndestinations = ["ga4"]\n`);
  assert.equal((await run(folder, ["build", "-C", project])).code, 0);
  const names = readdirSync(join(project, "assets")).filter((name) => name.endsWith(".js")).sort();
  assert.deepEqual(names.map((name) => name.replace(/[0-9a-f]{12}/, "HASH")), ["edgetally.blog.HASH.js", "edgetally.blog.js", "edgetally.shop.HASH.js", "edgetally.shop.js"].sort());

  edit(project, "wrangler.toml", (text) => text.replace(/^(key|origins) = .*\n/gm, "").replace(/\[vars\.EDGETALLY\.sources\.blog\][^]*/, ""));
  const none = await run(folder, ["build", "-C", project]);
  assert.equal(none.code, 0, none.stderr);
  assert.deepEqual(readdirSync(join(project, "assets")), ["_headers"]);
});

test("without a folder for it, or without wrangler, it says what is missing", async (context) => {
  const project = temporary(context);
  await run(folder, ["init", ...OWN], {cwd: project});
  edit(project, "wrangler.toml", (text) => text.replace(/\[assets\]\n.*\n/, ""));
  const homeless = await run(folder, ["build", "-C", project]);
  assert.equal(homeless.code, 1);
  assert.match(homeless.stderr, /\[assets\] directory/);

  const bare = temporary(context);
  install(bare, {wrangler: false});
  await run(bare, ["init", ...OWN]);
  for (const word of ["build", "dev", "check", "deploy"]) {
    const {code, stderr} = await run(bare, [word]);
    assert.equal(code, 1, word);
    assert.match(stderr, /npm install --save-dev wrangler/, word);
  }
});
