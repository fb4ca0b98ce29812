// What may be read where: one table, which tests/e2e/privacy.test.mjs measures and docs/privacy.md prints.

/** Where something that was sent could turn up. The queue's messages are gone once they are worked off. */
export const SURFACES = ["answer", "logs", "queue", "claims", "recent", "dead letters", "ledger", "platforms"];

/** @typedef {{what: string, plain: string[], platforms: string, why: string}} Row */

/**
 * `plain`: the surfaces on which it may be read in clear; on all others it is a digest or not there at all.
 * @type {Row[]}
 */
export const TABLE = [
  {what: "e-mail address", plain: [], platforms: "digest", why: "hashed within the request"},
  {what: "telephone number", plain: [], platforms: "digest", why: "hashed within the request"},
  {what: "first and last name", plain: [], platforms: "digest", why: "hashed within the request"},
  {what: "street", plain: [], platforms: "digest", why: "hashed within the request"},
  {what: "date of birth", plain: [], platforms: "digest", why: "hashed within the request"},
  {
    what: "any of them where it does not belong",
    plain: [],
    platforms: "–",
    why: "looked for behind every encoding in addresses, titles, ids, cookies, click ids and free data, and left out",
  },
  {
    what: "external id",
    plain: [],
    platforms: "digest",
    why: "in clear only where a LinkedIn destination asks for `external_id`",
  },
  {what: "city", plain: ["queue", "ledger", "platforms"], platforms: "GA4, TikTok", why: "GA4 and TikTok take it in clear only"},
  {what: "network address", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "platforms recognise visitors by it"},
  {what: "browser", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "platforms recognise visitors by it"},
  {what: "click id", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "the platform's own id of its click"},
  {what: "cookie of a platform", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "the platform's own id of the browser"},
  {what: "page address and title", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "where it happened"},
  {what: "properties and items", plain: ["queue", "ledger", "platforms"], platforms: "clear", why: "what it was about"},
  {
    what: "event id",
    plain: ["answer", "queue", "recent", "dead letters", "ledger", "platforms"],
    platforms: "clear",
    why: "by it an event is found again",
  },
];

/** The table as docs/privacy.md prints it. */
export function printed() {
  const head = ["what", ...SURFACES, "why"];
  const rows = TABLE.map(({what, plain, platforms, why}) => [
    what,
    ...SURFACES.map((surface) => (surface === "platforms" ? platforms : plain.includes(surface) ? "clear" : "–")),
    why,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
