// What `edgetally init` writes, as texts. The gateway's bindings are those of the repository's own wrangler.toml: its part
// above the settings is taken over, so that there is one list of queues, cron and migrations.

import {randomBytes} from "node:crypto";
import {readFileSync} from "node:fs";
import {basename, join} from "node:path";
import {PLATFORMS} from "./platforms.mjs";
import {PACKAGE, ROOT} from "./places.mjs";

/** Where the page's script is put, and served from. */
export const ASSETS = "assets";

/** What a person has to look up at each platform, by its name in the settings. @type {Record<string, string[]>} */
export const ASKED = {
  meta: ["dataset_id"],
  ga4: ["measurement_id"],
  google_ads: ["customer_id", "conversion_actions"],
  tiktok: ["pixel_code"],
  pinterest: ["ad_account_id"],
  snapchat: ["pixel_id"],
  reddit: ["pixel_id"],
  linkedin: ["conversions"],
  x: ["pixel_id", "tags"],
  microsoft: ["tag_id"],
  hook: ["url"],
};

/**
 * @typedef {object} Answers
 * @property {string[]} site origins of the pages
 * @property {string | undefined} country
 * @property {string[]} destinations names in the settings
 * @property {"required" | "implied" | "by_region"} consent
 * @property {string} source
 * @property {Map<string, string>} ids by path, such as `meta.dataset_id`
 */

/** @param {unknown} value @returns {string} */
function toml(value) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, one]) => `${key} = ${toml(one)}`).join(", ")}}`;
}

/**
 * The ids of a destination: those that were given, the examples' in place of the others. Of what is asked for by event, only
 * purchases stand there.
 * @param {string} name
 * @param {Map<string, string>} ids
 */
function settingsOf(name, ids) {
  const platform = PLATFORMS.find((one) => one.name === name);
  const example = platform?.settings ?? {};
  /** @type {Record<string, unknown>} */
  const settings = platform && platform.platform !== name ? {platform: platform.platform} : {};
  for (const key of ASKED[name] ?? []) {
    const value = example[key];
    if (typeof value === "object" && value !== null) {
      const given = [...ids].filter(([path]) => path.startsWith(`${name}.${key}.`)).map(([path, id]) => [path.split(".")[2], id]);
      settings[key] = given.length > 0 ? Object.fromEntries(given) : {purchase: /** @type {any} */ (value).purchase};
    } else {
      settings[key] = ids.get(`${name}.${key}`) ?? value;
    }
  }
  return {settings, secrets: Object.keys(platform?.secrets ?? {})};
}

/**
 * Paths of ids that are still the examples'.
 * @param {Record<string, any>} destinations tables by name
 * @returns {string[]}
 */
export function exampleIds(destinations) {
  const paths = [];
  for (const [name, table] of Object.entries(destinations)) {
    const platform = PLATFORMS.find((one) => one.platform === (table?.platform ?? name));
    for (const key of ASKED[platform?.name ?? ""] ?? []) {
      const [mine, example] = [table?.[key], platform?.settings[key]];
      if (typeof mine === "object" && mine !== null) {
        const known = Object.entries(mine).filter(([event, id]) => /** @type {any} */ (example)?.[event] === id);
        paths.push(...known.map(([event]) => `destinations.${name}.${key}.${event}`));
      } else if (mine === example) {
        paths.push(`destinations.${name}.${key}`);
      }
    }
  }
  return paths;
}

/** Bindings, queues, cron and migrations, as the repository's wrangler.toml has them. */
function bindings() {
  const whole = readFileSync(join(PACKAGE === ROOT ? join(PACKAGE, "template") : ROOT, "wrangler.toml"), "utf8");
  const end = whole.indexOf("# Sources and destinations.");
  if (end < 0) throw new Error("wrangler.toml has no part that begins with '# Sources and destinations.'");
  const start = whole.indexOf("name = ");
  return whole.slice(start, end);
}

/**
 * With the object of exact claims, which the repository's wrangler.toml has as a comment: a gateway that begins with it has no
 * earlier version to go back to.
 * @param {string} text
 */
function withClaims(text) {
  const block = /^(?:#.*\n)*# name = "CLAIMS_OBJECT"\n(?:#.*\n)*/m.exec(text)?.[0] ?? "";
  const from = block.indexOf("#\n# [[durable_objects.bindings]]");
  if (from < 0) throw new Error("wrangler.toml has no binding CLAIMS_OBJECT as a comment");
  const live = block.slice(from + 2).replace(/^# ?/gm, "");
  return text.replace(block, `# What knows which copy of an event came first (docs/dedup.md).\n${live}`);
}

/** @param {Answers} answers */
export function wranglerToml({site, country, destinations, consent, source, ids}) {
  const infrastructure = withClaims(bindings())
    .replace(/^main = .*$/m, 'main = "node_modules/edgetally/worker/index.js"')
    .replace(/^\[build\]\n(?:[^[\n].*\n)*/m, '[build]\ncommand = "npx edgetally build"\n')
    // With what is said of it.
    .replace(/^(?:#.*\n)*\[assets\]\n(?:[^[\n].*\n)*\n?/m, "");
  const tables = destinations.map((name) => {
    const {settings, secrets} = settingsOf(name, ids);
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${toml(value)}`);
    return `# secret${secrets.length > 1 ? "s, as you sign in" : ""}: ${secrets.join(", ")}\n[vars.EDGETALLY.destinations.${name}]\n${lines.join("\n")}\n`;
  });
  return `#:schema ./node_modules/edgetally/schema.json
# An edgetally gateway. Secrets are never in here: \`npx wrangler secret put NAME\`. \`npx edgetally check\` reads this file
# as the gateway will, and names the secrets; every key: https://github.com/edgetally/edgetally/blob/main/docs/settings.md
${infrastructure.trimEnd()}

# The page's script, which \`edgetally build\` puts there; everything else is answered by the gateway.
[assets]
directory = "${ASSETS}"

[vars.EDGETALLY]
environment = "production"
dedup = "exact" # each event once at each destination; "kv" lets copies pass that come seconds apart in different places

# The key is public: it stands in your pages. Servers show the secret.
[vars.EDGETALLY.sources.${source}]
key = "pk_${source}_${randomBytes(12).toString("hex")}"
origins = ${JSON.stringify(site)}
secret = "${source.toUpperCase().replace(/-/g, "_")}_SECRET"
consent = "${consent}"
${country ? `default_country = "${country}"` : '# default_country = "DE" # completes telephone numbers without a country'}
destinations = ${JSON.stringify(destinations)}

${tables.join("\n")}`;
}

/** The wrangler that a project gets. */
export const WRANGLER = "^4.86.0";

/** @param {string} folder @param {string} version */
export function packageJson(folder, version) {
  const name = basename(folder).normalize("NFKD").toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "") || "gateway";
  return `${JSON.stringify(
    {
      name: `${name}-edgetally`.replace(/^edgetally-edgetally$/, "my-edgetally"),
      private: true,
      type: "module",
      scripts: {dev: "edgetally dev", check: "edgetally check", deploy: "edgetally deploy"},
      devDependencies: {edgetally: version, wrangler: WRANGLER},
    },
    null,
    2,
  )}\n`;
}

export const GITIGNORE = `node_modules/\n.wrangler/\n.edgetally/\n.dev.vars*\n.env*\n/${ASSETS}/\n`;

/** The workflow that deploys. */
export const workflow = () => readFileSync(join(PACKAGE, "template", "deploy.yml"), "utf8");
