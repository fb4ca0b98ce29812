// The npm package: assembled in dist/npm from all over the tree, packed as dist/edgetally-VERSION.tgz.
//
//   node scripts/pack.mjs              needs the built worker (make build) and the tool (make tool)
//   EDGETALLY_UPDATE=1 …               writes npm/files.txt anew
//
// The same tree gives the same bytes, wherever it lies: npm pack sets all times to one, files are sorted, modes are set here, and
// nothing of this machine is written into a file.

import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync} from "node:fs";
import {dirname, join, relative, sep} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "dist", "npm");

/** What goes where: a file, or of a folder the files that the pattern takes. @type {[from: string, to: string, taken?: RegExp][]} */
const PARTS = [
  ["npm/package.json", "package.json"],
  ["npm/README.md", "README.md"],
  ["LICENSE-APACHE", "LICENSE-APACHE"],
  ["LICENSE-MIT", "LICENSE-MIT"],
  ["npm/bin", "bin", /\.mjs$/],
  ["npm/src", "src", /\.(mjs|js|html|css)$/],
  ["npm/types", "types", /\.d\.mts$/],
  ["npm/template", "template", /\.yml$/],
  // Its bindings are the template's: one list of queues, cron and migrations.
  ["wrangler.toml", "template/wrangler.toml"],
  ["docs/not-arriving.md", "docs/not-arriving.md"],
  ["worker/build/index.js", "worker/index.js"],
  ["worker/build/index_bg.wasm", "worker/index_bg.wasm"],
  ["worker/client", "client", /(\.ts|^compose\.mjs)$/],
  ["twin", "twin", /^(?!.*\.test\.mjs$|harness\.mjs$).*\.mjs$/],
  ["crates/core/tests/fixtures/destinations", "destinations", /\/platform\.json$/],
  ["dist/tool", "tool", /./],
];

/** What brings a part that is built. @type {Record<string, string>} */
const BUILT = {"worker/build": "make build", "dist/tool": "make tool"};

/** @param {string} folder @returns {string[]} paths below it, with slashes */
function below(folder) {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).split(sep).join("/"))
    .sort();
}

/** @param {string} from @param {string} to */
function copy(from, to) {
  const target = join(out, to);
  mkdirSync(dirname(target), {recursive: true});
  if (/\.wasm$/.test(to)) copyFileSync(from, target);
  // A checkout may have the line ends of its machine; in a shebang they would be part of the interpreter's name.
  else writeFileSync(target, readFileSync(from, "utf8").replaceAll("\r\n", "\n"));
}

function assemble() {
  rmSync(out, {recursive: true, force: true});
  for (const [from, to, taken] of PARTS) {
    const path = join(root, from);
    if (!existsSync(path)) {
      const [, word] = Object.entries(BUILT).find(([place]) => from.startsWith(place)) ?? [];
      throw new Error(`${from} is missing${word ? `: run "${word}" first` : ""}`);
    }
    if (!taken) copy(path, to);
    else for (const name of below(path)) if (taken.test(name)) copy(join(path, name), `${to}/${name}`);
  }
}

/** What an editor knows of wrangler.toml, by its line `#:schema ./node_modules/edgetally/schema.json`: the settings, in their variables. */
function schema() {
  const {$schema, title: _, definitions, ...settings} = JSON.parse(readFileSync(join(root, "npm", "settings.schema.json"), "utf8"));
  // The two secrets have such names too, and are texts. A pattern that leaves them out would look ahead, which is not known to
  // every editor.
  settings.type = ["object", "string"];
  const vars = {
    type: "object",
    patternProperties: {"^EDGETALLY": {$ref: "#/definitions/settings"}},
    // Tables and texts that are JSON are settings as well, and any of them may have what this one is without.
    if: {patternProperties: {"^EDGETALLY.": {type: "string", not: {pattern: "^\\s*\\{"}}}},
    then: {properties: {EDGETALLY: {$ref: "#/definitions/whole"}}},
  };
  const all = {$schema, title: "wrangler.toml of an edgetally gateway", type: "object", properties: {vars}, definitions: {settings, ...definitions}};
  writeFileSync(join(out, "schema.json"), `${JSON.stringify(all, null, 1)}\n`);
}

/** Declarations of what the package exports. */
function types() {
  const declare = (/** @type {string} */ file, /** @type {string[]} */ more) =>
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--skipLibCheck", "--module", "nodenext", "--target", "es2023", ...more, "--outDir", join(out, "types"), join(root, file)], {cwd: root, stdio: "inherit"});
  declare("npm/src/runtime.mjs", ["--allowJs", "--checkJs", "--types", "node"]);
  declare("worker/client/types.ts", ["--lib", "es2023,dom"]);
  // An implementation's neighbour, and nobody's business.
  rmSync(join(out, "types", "places.d.mts"), {force: true});
}

/** The client as a module, for who bundles by themselves. */
async function client() {
  const {version} = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
  const {compose} = await import(pathToFileURL(join(out, "client", "compose.mjs")).href);
  const esbuild = await import("esbuild");
  const page = {consent: ["consent_mode", "tcf", "gpp"], pixels: []};
  const {code} = await compose(page, {esbuild, version, format: "esm"});
  writeFileSync(join(out, "client", "edgetally.mjs"), code);
}

/** Where the parts that nobody can read come from, and how to make them again. */
function provenance() {
  const {version, repository} = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
  const digest = (/** @type {string} */ name) => createHash("sha256").update(readFileSync(join(out, name))).digest("hex");
  const built = ["worker/index_bg.wasm", "worker/index.js", "tool/core_bg.wasm", "client/edgetally.mjs"];
  writeFileSync(join(out, "PROVENANCE.md"), `# Where this comes from

edgetally ${version}, built from the tag \`v${version}\` of ${repository.url.replace(/^git\+/, "").replace(/\.git$/, "")} by its workflow \`release.yml\`.
\`make package\` in a clone of that tag gives the same tarball; its digest stands beside the release.

Built from Rust and TypeScript, SHA-256:

${built.map((name) => `    ${digest(name)}  ${name}`).join("\n")}

Everything else is source as it stands in the repository.
`);
}

/** The same modes whoever checked out, with whatever umask. */
function modes() {
  for (const name of below(out)) {
    const path = join(out, name);
    const isCommand = name.startsWith("bin/");
    chmodSync(path, isCommand ? 0o755 : 0o644);
    if (isCommand && readFileSync(path).includes(13)) throw new Error(`${name} has carriage returns`);
    if (statSync(path).size === 0) throw new Error(`${name} is empty`);
  }
}

function list() {
  const file = join(root, "npm", "files.txt");
  const now = `${below(out).join("\n")}\n`;
  if (process.env.EDGETALLY_UPDATE) writeFileSync(file, now);
  const before = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : "";
  if (now === before) return;
  const [has, had] = [new Set(now.split("\n")), new Set(before.split("\n"))];
  const lines = [...[...has].filter((name) => !had.has(name)).map((name) => `  + ${name}`), ...[...had].filter((name) => !has.has(name)).map((name) => `  - ${name}`)];
  throw new Error(`the package holds other files than npm/files.txt says (EDGETALLY_UPDATE=1 writes it anew):\n${lines.join("\n")}`);
}

/** @returns {string} the tarball */
function pack() {
  const shell = process.platform === "win32";
  const told = JSON.parse(execFileSync(shell ? "npm.cmd" : "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", join(root, "dist")], {cwd: out, encoding: "utf8", shell, stdio: ["ignore", "pipe", "inherit"]}));
  const [{filename, files, size, unpackedSize}] = Array.isArray(told) ? told : Object.values(told);
  const packed = files.map((/** @type {{path: string}} */ {path}) => path).sort();
  const missing = below(out).filter((name) => !packed.includes(name));
  if (missing.length > 0) throw new Error(`npm left out: ${missing.join(", ")}`);
  const tarball = join(root, "dist", filename);
  const digest = createHash("sha256").update(readFileSync(tarball)).digest("hex");
  console.log(`dist/${filename}  ${size} bytes, ${unpackedSize} unpacked, ${files.length} files\nsha256 ${digest}`);
  return tarball;
}

try {
  assemble();
  schema();
  types();
  await client();
  provenance();
  modes();
  list();
  pack();
} catch (error) {
  console.error(`pack: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
