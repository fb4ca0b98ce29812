// wrangler as a program: the project's own, with what it says kept and its figures read from the file that it writes for scripts.

import {spawn} from "node:child_process";
import {readFileSync} from "node:fs";
import {mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {wranglerFolder} from "./places.mjs";

/**
 * @typedef {object} Ran
 * @property {number} code
 * @property {string} output both streams
 * @property {string} stdout
 * @property {any[]} entries what it wrote for scripts
 */

/**
 * @param {string} project
 * @param {string[]} args
 * @param {{shown?: boolean}} [options] whether what it says is shown at once
 * @returns {Promise<Ran>}
 */
export async function wrangler(project, args, {shown = false} = {}) {
  const home = wranglerFolder(project);
  const {bin} = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "edgetally-wrangler-"));
  const file = join(folder, "output.ndjson");
  try {
    const child = spawn(process.execPath, [join(home, bin.wrangler), ...args], {
      cwd: project,
      env: {...process.env, WRANGLER_OUTPUT_FILE_PATH: file, WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false"},
      stdio: ["inherit", "pipe", "pipe"],
    });
    let [stdout, output] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      output += text;
      if (shown) process.stderr.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
      if (shown) process.stderr.write(text);
    });
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", (status) => resolve(status ?? 1)));
    const text = await readFile(file, "utf8").catch(() => "");
    return {code, output, stdout, entries: text.split("\n").filter(Boolean).map((line) => JSON.parse(line))};
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
