/**
 * What a platform remembers of events, to report on them later: how many by hour and name, and how many of those came with
 * what. It is counted from what really arrived, so a report is never more than that.
 */

const HOUR = 3_600_000;
/** No report looks back for longer. */
const KEPT_HOURS = 14 * 24;

/**
 * @typedef {object} Sum
 * @property {number} n
 * @property {Record<string, number>} keys How many came with each.
 *
 * @typedef {Map<string, Sum>} Tally By hour and whatever else is told apart, joined by line feeds.
 */

/**
 * Counts events in, once the request is answered.
 * @param {Map<string, unknown>} memory
 * @param {string} account
 * @param {number} now
 * @param {readonly {of: readonly string[], keys: readonly string[]}[]} events
 */
export function count(memory, account, now, events) {
  const name = `quality ${account}`;
  const tally = /** @type {Tally} */ (memory.get(name) ?? new Map());
  memory.set(name, tally);
  const hour = Math.floor(now / HOUR);
  for (const { of, keys } of events) {
    const place = [hour, ...of].join("\n");
    const sum = tally.get(place) ?? { n: 0, keys: {} };
    sum.n += 1;
    for (const key of new Set(keys)) sum.keys[key] = (sum.keys[key] ?? 0) + 1;
    tally.set(place, sum);
  }
  for (const place of tally.keys()) {
    if (Number(place.split("\n", 1)[0]) < hour - KEPT_HOURS) tally.delete(place);
    else break;
  }
}

/**
 * What was counted since then: sums by hour and what was told apart.
 * @param {Map<string, unknown>} memory
 * @param {string} account
 * @param {number} since Unix milliseconds.
 */
export function counted(memory, account, since) {
  const tally = /** @type {Tally} */ (memory.get(`quality ${account}`) ?? new Map());
  const all = [...tally].map(([place, sum]) => {
    const [hour = "", ...of] = place.split("\n");
    return { at: Number(hour) * HOUR, of, ...sum };
  });
  return all.filter(({ at }) => at + HOUR > since);
}

/**
 * The same, summed up by one of the things that were told apart.
 * @param {ReturnType<typeof counted>} sums
 * @param {number} place Of `of`.
 */
export function summed(sums, place) {
  /** @type {Map<string, Sum>} */
  const by = new Map();
  for (const { of, n, keys } of sums) {
    const name = of[place] ?? "";
    const sum = by.get(name) ?? { n: 0, keys: {} };
    sum.n += n;
    for (const [key, more] of Object.entries(keys)) sum.keys[key] = (sum.keys[key] ?? 0) + more;
    by.set(name, sum);
  }
  return by;
}

/** A share in percent, to a tenth. @param {number | undefined} part @param {number} all */
export const percent = (part, all) => Math.round(((part ?? 0) / all) * 1000) / 10;
