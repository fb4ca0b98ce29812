// What is in the tarball, and that it is the same wherever it is made.

import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {createHash} from "node:crypto";
import {cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {test} from "node:test";
import {AWKWARD, ROOT, TARBALL, VERSION, install, temporary} from "./support.mjs";

/** @param {string[]} args */
const tar = (...args) => execFileSync("tar", args, {encoding: "utf8", maxBuffer: 1 << 26});

test("the list of files equals the checked-in one, the wasm and the licences among them", () => {
  const files = tar("tzf", TARBALL).trim().split("\n").map((name) => name.replace(/^package\//, "")).sort();
  const listed = readFileSync(join(ROOT, "npm/files.txt"), "utf8").trim().split("\n").sort();
  assert.deepEqual(files, listed);
  for (const name of ["worker/index_bg.wasm", "worker/index.js", "tool/core_bg.wasm", "LICENSE-MIT", "LICENSE-APACHE", "PROVENANCE.md", "schema.json"]) {
    assert.ok(files.includes(name), name);
  }
  // The folder of the build has a .gitignore that leaves everything out, and npm would heed one in the package.
  assert.ok(existsSync(join(ROOT, "worker/build/.gitignore")));
  assert.ok(!files.some((name) => /(^|\/)\.(git|npm)ignore$/.test(name)));
});

test("commands are executable and have no carriage returns, and nothing names where it was built", (context) => {
  const folder = temporary(context);
  tar("xzf", TARBALL, "-C", folder);
  const bins = readdirSync(join(folder, "package/bin"));
  assert.deepEqual(bins, ["edgetally.mjs"]);
  for (const name of bins) {
    const text = readFileSync(join(folder, "package/bin", name), "utf8");
    assert.ok(text.startsWith("#!/usr/bin/env node\n"), name);
    assert.ok(!text.includes("\r"), name);
    assert.equal(statSync(join(folder, "package/bin", name)).mode & 0o777, 0o755);
  }
  const lines = tar("tvzf", TARBALL).trim().split("\n");
  assert.ok(lines.filter((line) => !/package\/bin\//.test(line)).every((line) => line.startsWith("-rw-r--r--")), "modes");
  for (const name of tar("tzf", TARBALL).trim().split("\n")) {
    const bytes = readFileSync(join(folder, name));
    for (const place of [ROOT.replace(/\/$/, ""), process.env.HOME ?? ROOT]) {
      if (place.length > 4) assert.ok(!bytes.includes(place), `${name} names ${place}`);
    }
  }
});

/** What the packer reads, copied elsewhere. @param {string} to @param {(name: string, text: string) => string} [change] */
function clone(to, change = (_, text) => text) {
  const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "npm", "twin", "worker/client", "docs/not-arriving.md", "crates/core/tests/fixtures/destinations", "LICENSE-MIT", "LICENSE-APACHE", "wrangler.toml", "scripts/pack.mjs", "crates/tool/index.mjs", "package.json"], {cwd: ROOT, encoding: "utf8"}).trim().split("\n");
  for (const name of tracked.filter((one) => existsSync(join(ROOT, one)))) {
    mkdirSync(dirname(join(to, name)), {recursive: true});
    writeFileSync(join(to, name), change(name, readFileSync(join(ROOT, name), "utf8")));
    utimesSync(join(to, name), 1_000_000_000 + Math.random() * 1e8, 1_000_000_000 + Math.random() * 1e8);
  }
  for (const built of ["worker/build", "dist/tool"]) cpSync(join(ROOT, built), join(to, built), {recursive: true});
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
}

/** @param {string} folder @param {number} mask */
function packed(folder, mask) {
  execFileSync("bash", ["-c", `umask ${mask.toString(8)}; exec node scripts/pack.mjs`], {cwd: folder, stdio: ["ignore", "pipe", "inherit"]});
  return createHash("sha256").update(readFileSync(join(folder, "dist", `edgetally-${VERSION}.tgz`))).digest("hex");
}

test("two trees in two places give the same bytes, one of them checked out with the line ends of Windows", (context) => {
  const [first, second] = [temporary(context, "a"), temporary(context, AWKWARD)];
  clone(first);
  clone(second, (_, text) => text.replaceAll("\n", "\r\n"));
  const digest = packed(first, 0o077);
  assert.equal(packed(second, 0o002), digest);
  assert.equal(createHash("sha256").update(readFileSync(TARBALL)).digest("hex"), digest, "dist/ is not what the tree gives: make package");
});

test("types are found under node16 and under bundler", (context) => {
  const folder = temporary(context, AWKWARD);
  install(folder);
  // npm would put them there: they come with wrangler.
  for (const name of ["miniflare", "@types"]) symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  writeFileSync(join(folder, "page.ts"), `import edgetally, {type Fields} from "edgetally";
const fields: Fields = {value: 129.9, currency: "EUR", transaction_id: "7"};
export const id: string = edgetally("purchase", fields);
// @ts-expect-error a value is a number
edgetally("purchase", {value: "129.90"});
`);
  writeFileSync(join(folder, "gateway.ts"), `import {startWorker} from "edgetally/runtime";
export const origin: Promise<string> = startWorker({project: "."}).then(({url}) => url.origin);
// @ts-expect-error a port is a number
startWorker({port: "8787"});
`);
  for (const [module, resolution] of [["node16", "node16"], ["esnext", "bundler"]]) {
    // The types of the runtime's library lean on packages that do not come along with it.
    for (const [file, ...more] of [["page.ts"], ["gateway.ts", "--skipLibCheck"]]) {
      const args = ["--ignoreConfig", "--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom", "--types", "node", "--module", module, "--moduleResolution", resolution, ...more, file];
      const ran = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...args.map(String)], {cwd: folder, encoding: "utf8"});
      assert.equal(ran.stdout, "", `${file} under ${resolution}`);
      assert.equal(ran.status, 0);
    }
  }
});
