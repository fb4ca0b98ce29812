// What the page loads for each client, minified, and the page itself.

import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {brotliCompressSync, constants, gzipSync} from "node:zlib";
import * as esbuild from "esbuild";
import {ADAPTERS, compose, stub} from "../../worker/client/compose.mjs";

const folder = dirname(fileURLToPath(import.meta.url));

/** Ours first; each with the packages that make it. @type {Record<string, string[]>} */
export const CLIENTS = {
  edgetally: [],
  segment: ["@segment/analytics-next"],
  rudderstack: ["@rudderstack/analytics-js"],
  walkeros: ["@walkeros/collector", "@walkeros/web-source-browser"],
  posthog: ["posthog-js"],
};

/** The consent sources of the default settings, as far as this version has them. */
export const CONSENT = ["consent_mode", "tcf", "gpp"].filter((name) => ADAPTERS.includes(name));

/** @param {string} name */
export const version = (name) => JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;

/** @param {string} text */
export const sizes = (text) => ({
  raw: Buffer.byteLength(text),
  gzip: gzipSync(text, {level: 9}).length,
  brotli: brotliCompressSync(text, {params: {[constants.BROTLI_PARAM_QUALITY]: 11}}).length,
});

/** @param {string} client @param {string} collector @returns {Promise<string>} */
async function bundle(client, collector) {
  const result = await esbuild.build({
    entryPoints: [join(folder, "clients", `${client}.js`)],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2020",
    define: {COLLECTOR: JSON.stringify(collector), "process.env.NODE_ENV": '"production"'},
    legalComments: "none",
    logLevel: "error",
  });
  return result.outputFiles[0]?.text ?? "";
}

/** Scripts by path at the receiver. @param {string} collector @returns {Promise<Map<string, string>>} */
export async function scripts(collector) {
  const made = new Map();
  for (const client of [...Object.keys(CLIENTS), "none"]) {
    const code =
      client === "edgetally"
        ? (await compose({key: "bench", url: `${collector}/edgetally/`, required: true, consent: CONSENT, hold_ms: 4000}, {esbuild})).code
        : await bundle(client, collector);
    made.set(`/scripts/${client}.js`, code);
  }
  return made;
}

/** What the page has to say that is no part of a client. The visitor has agreed to everything on an earlier page. */
const CONSENTED = `window.dataLayer=[];function gtag(){dataLayer.push(arguments)}
gtag("consent","default",{ad_storage:"denied",ad_user_data:"denied",ad_personalization:"denied",analytics_storage:"denied"});
gtag("consent","update",{ad_storage:"granted",ad_user_data:"granted",ad_personalization:"granted",analytics_storage:"granted"});`;

/** Events as a shop has them, alike for all: five kinds in turn, each with the bench's own id among its properties. */
const EVENTS = `function benchEvent(id,i){
  var kinds=["page_view","view_item","add_to_cart","begin_checkout","purchase"],name=kinds[i%5];
  var item={item_id:"SKU-"+i,item_name:"Desk lamp",price:49.95,quantity:2,item_category:"Lighting"};
  var fields=name=="page_view"?{}:{value:99.9,currency:"EUR",items:[item]};
  if(name=="purchase")fields.transaction_id="order-"+id;
  bench.send(name,benchFields(fields,id));
}
function benchEvents(tab,from,n){for(var i=from;i<from+n;i++)benchEvent(tab+"."+i,i)}`;

/** Ours has a place for a shop's own properties; the others take fields as they come. */
const FIELDS = {
  ours: "function benchFields(fields,id){fields.properties={bench:id};return fields}",
  theirs: "function benchFields(fields,id){fields.bench=id;return fields}",
};

/** What a page has of ours besides the script: the stub, and where no adapter reads the dataLayer, the decision. */
export const snippet = () => `${stub()}${CONSENT.includes("consent_mode") ? "" : 'edgetally("consent",{ad_storage:"granted",ad_user_data:"granted",ad_personalization:"granted",analytics_storage:"granted"});'}`;

/** @param {string} client @param {string} collector */
export function page(client, collector) {
  const ours = client === "edgetally";
  const glue = ours ? readFileSync(join(folder, "clients", "edgetally.js"), "utf8") : "";
  return `<!doctype html><meta charset="utf-8"><title>Desk lamps</title>
<script>${CONSENTED}${EVENTS}${ours ? FIELDS.ours : FIELDS.theirs}</script>
${ours ? `<script>${snippet()}</script><script>${glue}</script>` : ""}
<script async src="${collector}/scripts/${client}.js"></script>
<h1>Desk lamps</h1><p>One lamp, two shades, three days.</p>`;
}
