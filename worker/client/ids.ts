// What an event is known by: the same rule as the server's, so that the copies of page and server meet.

import type {Fields} from "./types.ts";

/** A UUID of version 4. `crypto.randomUUID` is missing on pages without TLS; nobody gains by guessing one. */
export const uuid = () => (([1e7] as any) + -1e3 + -4e3 + -8e3 + -1e11).replace(/[018]/g, (digit: any) => (digit ^ ((Math.random() * 16) >> (digit / 4))).toString(16));

/** The id that the page or the order gives an event, or nothing. */
export const givenId = (name: string, fields: Fields) => String(fields.event_id || (name == "purchase" && fields.transaction_id) || "").trim();
