// The store that all isolates share, and a bucket.

// What one look-up takes.
const MOST_KEYS = 100;

/** What the store holds under the keys (separated by commas): a line for each, in their order, "=" and the text, or empty. */
export async function claimed(env, keys) {
  const kv = env.CLAIMS;
  const line = (text) => (text === null || text === undefined ? "" : `=${text}`);
  if (!keys.includes(",")) return line(await kv.get(keys));
  const all = keys.split(",");
  const asked = [];
  for (let i = 0; i < all.length; i += MOST_KEYS) asked.push(kv.get(all.slice(i, i + MOST_KEYS)));
  const maps = await Promise.all(asked);
  // By name: the order of an answer is not documented.
  return all.map((key, i) => line(maps[Math.floor(i / MOST_KEYS)].get(key))).join("\n");
}

/** Puts texts (separated by line feeds) under keys (by commas) for `ttl` seconds. */
export async function claim(env, keys, texts, ttl) {
  const options = {expirationTtl: ttl};
  if (!keys.includes(",")) return env.CLAIMS.put(keys, texts, options);
  const lines = texts.split("\n");
  await Promise.all(keys.split(",").map((key, i) => env.CLAIMS.put(key, lines[i], options)));
}

/** The same after the answer. */
export function mark(context, env, keys, texts, ttl) {
  const failed = () => console.warn("claims were not stored; a later copy may pass");
  context.waitUntil(claim(env, keys, texts, ttl).catch(failed));
}

/** Puts lines of JSON into a bucket. */
export async function put(env, bucket, key, text) {
  await env[bucket].put(key, text, {httpMetadata: {contentType: "application/x-ndjson"}});
}
