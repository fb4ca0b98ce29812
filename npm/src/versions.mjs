// Versions of the gateway as wrangler knows them: which have traffic, which is meant by a label, and giving one all of it.

import {wanting} from "./exits.mjs";
import {wrangler} from "./wrangler.mjs";

/** So many characters of a label are told apart, as the gateway does it. */
const LONGEST_LABEL = 40;
/** So much of an id is the label of a version without a tag. */
const SHORT_ID = 8;

/** @typedef {{id: string, percentage: number}} Share */

/** @param {string} text what wrangler said, with a banner in front perhaps */
function parsed(text) {
  const start = text.search(/[[{]/);
  try {
    return JSON.parse(text.slice(Math.max(0, start)));
  } catch {
    return undefined;
  }
}

/**
 * What a version calls itself in the ledger: its tag, or else the beginning of its id.
 * @param {string} id
 * @param {string | undefined} tag
 */
export function labelOf(id, tag) {
  return (tag || id.slice(0, SHORT_ID)).replace(/[^!-~]/g, "").slice(0, LONGEST_LABEL);
}

/**
 * What has traffic now; undefined before the first deploy.
 * @param {string} project
 * @returns {Promise<Share[] | undefined>}
 */
export async function traffic(project) {
  const ran = await wrangler(project, ["deployments", "status", "--json"]);
  if (ran.code !== 0) {
    if (/10007|10090|does not exist|has no deployments/i.test(ran.output)) return undefined;
    throw wanting(`what is deployed cannot be told: wrangler deployments status ended with ${ran.code}\n${ran.output.trim()}`);
  }
  /** @type {{version_id: string, percentage: number}[]} */
  const versions = parsed(ran.stdout)?.versions ?? [];
  return versions.filter(({percentage}) => percentage > 0).map(({version_id, percentage}) => ({id: version_id, percentage}));
}

/**
 * The version that is meant by a label or an id: of several with the same tag the one that has traffic, or else the latest.
 * @param {string} project
 * @param {string} label
 * @returns {Promise<string | undefined>}
 */
export async function idOf(project, label) {
  const ran = await wrangler(project, ["versions", "list", "--json"]);
  const listed = ran.code === 0 ? parsed(ran.stdout) : undefined;
  if (!Array.isArray(listed)) return undefined;
  /** @type {{id: string, tag: string | undefined, at: string}[]} */
  const versions = listed.map(({id, annotations, metadata}) => ({id, tag: annotations?.["workers/tag"], at: metadata?.created_on ?? ""}));
  const meant = versions.filter(({id, tag}) => id === label || labelOf(id, tag) === label).sort((one, other) => (one.at < other.at ? 1 : -1));
  if (meant.length < 2) return meant[0]?.id;
  const having = new Set((await traffic(project))?.map(({id}) => id));
  return (meant.find(({id}) => having.has(id)) ?? meant[0])?.id;
}

/** @param {string} id */
export const givingAll = (id) => ["versions", "deploy", `${id}@100%`, "--yes"];

/**
 * For a shell: as it is where nothing in it means anything to one.
 * @param {string} text
 */
const quoted = (text) => (/^[\w.@%:/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * What a person types to give a version all traffic. By its tag, if its id is not known, only a newer wrangler can.
 * @param {string} label
 * @param {string | undefined} id
 */
export function typed(label, id) {
  const words = id === undefined ? ["versions", "deploy", "--version-tag", `${label}@100%`, "--yes"] : givingAll(id);
  return `npx wrangler ${words.map(quoted).join(" ")}`;
}
