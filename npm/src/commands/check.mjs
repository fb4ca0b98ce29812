// `edgetally check`: the settings as the gateway will judge them.

import {check, configuration} from "../core.mjs";
import {merged} from "../dev.mjs";
import {FINE, FOUND_WANTING, usage} from "../exits.mjs";
import {readConfig} from "../runtime.mjs";
import {exampleIds} from "../template.mjs";
import {bold, green, print, red, wrap, yellow} from "../terminal.mjs";

export {words as usage};
const words = "";
export const help = `
Reads wrangler.toml as the gateway will, by the gateway's own code: what is wrong and whom it concerns,
which secrets have to be put and for whom, how full the variables are, which platform versions end. A
variable with the name of a secret is a fault, also an empty one: it would overwrite the secret.

  --strict   ids that are still the examples' are faults, not warnings ("deploy" takes them so)
  --json     {said, warnings, errors, secrets}

Ends with 1 where something is wrong.`;

export const flags = /** @type {const} */ ({strict: {type: "boolean"}});

/** What has no id yet: an id of zeros is the template's. */
const NO_ID = /^0+$/;

/**
 * What the core says, and what only a file for wrangler can have wrong.
 * @param {string} project
 * @param {{strict?: boolean}} [options]
 */
export async function judge(project, {strict = false} = {}) {
  const checked = await check(configuration(project));
  if (checked.errors.some(({message}) => message.startsWith("is not TOML"))) return checked;
  const config = await readConfig(project);
  const vars = /** @type {Record<string, unknown>} */ (config.vars ?? {});
  for (const {name} of checked.secrets) {
    const told = checked.errors.some(({message}) => message.includes(name) && message.includes("in clear"));
    if (Object.hasOwn(vars, name) && !told) checked.errors.push({message: `[vars] holds ${name}, which is a secret: a deploy would overwrite it; take the line out, then npx wrangler secret put ${name}`});
  }
  const unready = [
    ...exampleIds(merged(vars).destinations).map((path) => `${path} is still the example's: put your own id there`),
    ...config.kv_namespaces.filter((/** @type {any} */ {id}) => NO_ID.test(id ?? "")).map(({binding}) => `the namespace ${binding} has no id yet: npx wrangler kv namespace create edgetally-claims, and put the id into wrangler.toml`),
  ];
  if (strict) checked.errors.push(...unready.map((message) => ({message})));
  else checked.warnings.push(...unready);
  return checked;
}

/** @param {import("../core.mjs").Checked} checked @param {boolean} [brief] without what is as it should be */
export function tell({said, warnings, errors, secrets}, brief = false) {
  if (!brief) for (const line of said.filter((one) => !one.startsWith("needs the secret"))) print(`  ${line}`);
  if (!brief && secrets.length > 0) {
    print();
    print(bold("Secrets, each put once: npx wrangler secret put NAME"));
    for (const {name, for: whose} of secrets) {
      print(`  ${name}`);
      print(wrap(whose.join("; "), 6));
    }
  }
  if (warnings.length > 0 && !brief) print();
  for (const line of warnings) print(`${yellow("warning:")} ${line}`);
  if (errors.length > 0 && !brief) print();
  for (const {message} of errors) print(`${red("wrong:")} ${message}`);
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many; --project FOLDER for another folder`);
  const checked = await judge(flags.project, flags);
  if (flags.json) {
    print(JSON.stringify(checked));
  } else {
    tell(checked);
    if (checked.errors.length === 0) print(`\n${green("wrangler.toml is as the gateway wants it.")}${checked.warnings.length > 0 ? " See the warnings." : ""}`);
  }
  return checked.errors.length === 0 ? FINE : FOUND_WANTING;
}
