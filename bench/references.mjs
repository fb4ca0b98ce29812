// The workers that ours is compared with: as little JavaScript as the same job can be done in.

/** The least that a worker can be: what a start costs anybody. It says yes to everything. */
export const smallest = `
export default {
  fetch: () => new Response('{"accepted":1}', {status: 202}),
};
`;

/** A reads the JSON and hashes one address per event with WebCrypto, and does nothing else. */
export const parseAndHash = `
const encoder = new TextEncoder();
export default {
  async fetch(request) {
    const body = await request.json();
    const events = Array.isArray(body) ? body : [body];
    for (const event of events) {
      await crypto.subtle.digest("SHA-256", encoder.encode(event.user.email.trim().toLowerCase()));
    }
    return Response.json({accepted: events.length}, {status: 202});
  },
};
`;

/** B does what A does, and for each event reads, writes and sends, one after the other, as most workers are written. */
export const eventByEvent = `
const encoder = new TextEncoder();
export default {
  async fetch(request, env) {
    const body = await request.json();
    const events = Array.isArray(body) ? body : [body];
    for (const event of events) {
      await crypto.subtle.digest("SHA-256", encoder.encode(event.user.email.trim().toLowerCase()));
      if ((await env.CLAIMS.get(event.event_id)) !== null) continue;
      await env.EVENTS.send(JSON.stringify(event), {contentType: "text"});
      await env.CLAIMS.put(event.event_id, "", {expirationTtl: 604800});
    }
    return Response.json({accepted: events.length}, {status: 202});
  },
};
`;

/** C does what B does in as few calls as ours. */
export const withBindings = `
const encoder = new TextEncoder();
export default {
  async fetch(request, env, context) {
    const body = await request.json();
    const events = Array.isArray(body) ? body : [body];
    for (const event of events) {
      await crypto.subtle.digest("SHA-256", encoder.encode(event.user.email.trim().toLowerCase()));
    }
    const ids = events.map((event) => event.event_id);
    const known = ids.length === 1 ? [await env.CLAIMS.get(ids[0])] : [...(await env.CLAIMS.get(ids)).values()];
    const fresh = events.filter((_, index) => known[index] === null);
    const text = (event) => ({body: JSON.stringify(event), contentType: "text"});
    if (fresh.length === 1) await env.EVENTS.send(JSON.stringify(fresh[0]), {contentType: "text"});
    else if (fresh.length > 1) await env.EVENTS.sendBatch(fresh.map(text));
    context.waitUntil(Promise.all(fresh.map(({event_id: id}) => env.CLAIMS.put(id, "", {expirationTtl: 604800}))));
    return Response.json({accepted: fresh.length}, {status: 202});
  },
};
`;

/** A store that knows nothing and a queue that takes everything, both at once. */
const noBindings = `
const CLAIMS = {
  get: async (keys) => (Array.isArray(keys) ? new Map(keys.map((key) => [key, null])) : null),
  put: async () => {},
};
const EVENTS = {send: async () => {}, sendBatch: async () => {}};
`;

/** Ours with them. */
export const withoutBindings = `
import Gateway, {Ledger} from "./index.js";
export {Ledger};
${noBindings}
export default class extends Gateway {
  constructor(context, env) {
    super(context, {...env, CLAIMS, EVENTS});
  }
}
`;

/** C with them. */
export const simpleWithoutBindings = `
${noBindings}
${withBindings.replace("export default", "const worker =")}
export default {fetch: (request, env, context) => worker.fetch(request, {...env, CLAIMS, EVENTS}, context)};
`;
