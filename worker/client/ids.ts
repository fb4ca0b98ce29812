// What an event is known by: the same rule as the server's, so that the copies of page and server meet.

import type {Fields} from "./types.ts";

/** A UUID of version 4. `crypto.randomUUID` is missing on pages without TLS. */
export const uuid = () =>
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (+digit / 4)))).toString(16),
  );

/** A whole number of nine or ten digits, as Meta's and Google's own tags make them. */
export const digits = () => crypto.getRandomValues(new Uint32Array(1))[0]! % 2147483647;

/** The id that the page or the order gives an event, or nothing. */
export const givenId = (name: string, fields: Fields) =>
  String(fields.event_id || (name == "purchase" && fields.transaction_id) || "").trim();
