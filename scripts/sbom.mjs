// What the released parts are made of, as CycloneDX 1.5: the crates that are compiled into the worker, the tool and the wheel. The
// npm package has no dependencies. The same lock file gives the same bytes.
//
//   node scripts/sbom.mjs dist/edgetally-sbom.cdx.json

import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {readFileSync, writeFileSync} from "node:fs";
import {fileURLToPath} from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is released, and for which machine it is compiled. */
const RELEASED = /** @type {const} */ ([
  ["edgetally-worker", "wasm32-unknown-unknown"],
  ["edgetally-tool", "wasm32-unknown-unknown"],
  ["edgetally-python", undefined],
]);

/** Checksums as Cargo.lock has them, by name and version. */
const checksums = new Map(
  [...readFileSync(new URL("../Cargo.lock", import.meta.url), "utf8").matchAll(/^name = "([^"]+)"\nversion = "([^"]+)"\n(?:source = [^\n]*\n)?checksum = "([0-9a-f]{64})"/gm)].map(
    ([, name, version, sum]) => [`${name}@${version}`, String(sum)],
  ),
);

/** @param {string | undefined} platform @returns {any} */
function metadata(platform) {
  const args = ["metadata", "--locked", "--format-version", "1", ...(platform ? ["--filter-platform", platform] : [])];
  return JSON.parse(execFileSync("cargo", args, {cwd: root, encoding: "utf8", maxBuffer: 1 << 28}));
}

/** @param {{name: string, version: string}} crate */
const reference = ({name, version}) => `pkg:cargo/${name}@${version}`;

/** @type {Map<string, any>} */
const components = new Map();
/** @type {Map<string, Set<string>>} */
const needs = new Map();
let version = "";
for (const [product, platform] of RELEASED) {
  const {packages, resolve} = metadata(platform);
  const byId = new Map(packages.map((/** @type {any} */ one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const start = packages.find((/** @type {any} */ one) => one.name === product);
  version = start.version;
  const open = [start.id];
  const seen = new Set(open);
  for (const id of open) {
    const crate = byId.get(id);
    const own = crate.source === null;
    const sum = checksums.get(`${crate.name}@${crate.version}`);
    components.set(reference(crate), {
      type: own && id === start.id ? "application" : "library",
      "bom-ref": reference(crate),
      name: crate.name,
      version: crate.version,
      ...(crate.license && {licenses: [{expression: crate.license.replaceAll("/", " OR ").replace(/ +/g, " ")}]}),
      ...(sum && {hashes: [{alg: "SHA-256", content: sum}]}),
      ...(!own && {purl: reference(crate)}),
    });
    const all = needs.get(reference(crate)) ?? new Set();
    needs.set(reference(crate), all);
    // What is only for building or testing is in nothing that is released.
    for (const dependency of nodes.get(id)?.deps ?? []) {
      if (!dependency.dep_kinds.some((/** @type {any} */ {kind}) => kind === null)) continue;
      all.add(reference(byId.get(dependency.pkg)));
      if (!seen.has(dependency.pkg)) {
        seen.add(dependency.pkg);
        open.push(dependency.pkg);
      }
    }
  }
}

const sorted = [...components.keys()].sort();
const list = sorted.map((name) => components.get(name));
const digest = createHash("sha256").update(JSON.stringify(list)).digest("hex");
const bom = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  // Of what is in it, so that the same tree gives the same file.
  serialNumber: `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
  version: 1,
  metadata: {component: {type: "application", "bom-ref": "edgetally", name: "edgetally", version}},
  components: list,
  dependencies: [
    {ref: "edgetally", dependsOn: RELEASED.map(([name]) => reference({name, version})).sort()},
    ...sorted.map((ref) => ({ref, dependsOn: [...(needs.get(ref) ?? [])].sort()})),
  ],
};
const text = `${JSON.stringify(bom, null, 1)}\n`;
const [file] = process.argv.slice(2);
if (file) writeFileSync(file, text);
else process.stdout.write(text);
