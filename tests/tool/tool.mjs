// The built tool, with the types of its source.

/** @type {typeof import("../../crates/tool/index.mjs")} */
export const tool = await import(new URL("../../dist/tool/index.mjs", import.meta.url).href);

/** The core's fixtures. */
export const FIXTURES = new URL("../../crates/core/tests/fixtures/", import.meta.url);

/** The instant of the golden snapshots. */
export const NOW = Date.UTC(2026, 10, 22, 10, 15, 31);

/**
 * An answer that is no refusal.
 * @template T
 * @param {T | import("../../crates/tool/index.mjs").Refused} answer
 * @returns {T}
 */
export function answered(answer) {
  if (answer && typeof answer === "object" && "error" in answer) throw new Error(JSON.stringify(answer.error));
  return /** @type {T} */ (answer);
}
