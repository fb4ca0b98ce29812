/**
 * The words the twin's modules share. Types only: nothing here runs.
 *
 * @typedef {object} TwinRequest One request, already routed to a platform.
 * @property {string} method
 * @property {string} host The platform's host, taken from the first path segment.
 * @property {string} path The platform's own path, beginning with `/`, without the query.
 * @property {URLSearchParams} query
 * @property {Record<string, string>} headers Lower-case names.
 * @property {Buffer} body The raw bytes; signatures are computed over these.
 * @property {number} now Unix milliseconds on the twin's clock.
 *
 * @typedef {object} Settings What the twin accepts as credentials.
 * @property {string[]} metaTokens
 * @property {string} webhookSecret `whsec_` + base64.
 *
 * @typedef {object} PlatformState What a platform may look at besides the request.
 * @property {Settings} settings
 * @property {boolean} revoked A `revoke_token` fault is active.
 * @property {ReadonlySet<string>} rejectIds Event ids that a `reject_event_id` fault condemns.
 * @property {Map<string, unknown>} memory The platform's own memory; `reset` empties it. Write to it in `commit` only.
 *
 * @typedef {object} ArrivedEvent One event the platform counts.
 * @property {string} name
 * @property {string} [id]
 * @property {string} [key] The platform's dedup key; without one, every arrival is unique.
 * @property {number} [windowMs] How long the key holds, from its first arrival; without it, for ever.
 * @property {unknown} event As sent.
 * @property {unknown} [context] What came once for the whole request.
 * @property {string[]} [notes] What the platform would do silently, such as moving a timestamp.
 *
 * @typedef {object} DroppedEvent An event that the platform accepts on the wire and then forgets.
 * @property {string} name
 * @property {string} [id]
 * @property {unknown} event
 * @property {unknown[]} messages
 *
 * @typedef {object} Finding Something no sender should do, whatever the platform answers.
 * @property {string} kind
 * @property {string} where
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] Nothing: empty. A string: as it is. Else: JSON.
 * @property {'accepted' | 'rejected' | 'validated'} verdict `validated` is a dry run: nothing is stored.
 * @property {'reject_event_id' | 'revoke_token'} [scripted] The fault that made this answer.
 * @property {string} [reason] Why it was refused, for the request log; never a value, only a place and a rule.
 * @property {ArrivedEvent[]} [events]
 * @property {DroppedEvent[]} [dropped]
 * @property {Finding[]} [violations]
 * @property {() => void} [commit] Runs once the answer is recorded.
 *
 * @typedef {object} Platform
 * @property {string} name
 * @property {string[]} hosts
 * @property {(request: TwinRequest, state: PlatformState) => Answer} handle
 * @property {(status: number) => unknown} errorBody What the platform says with an error status it did not cause itself.
 *
 * @typedef {Finding & {platform: string, at: string}} Violation
 *
 * @typedef {object} EventCounts
 * @property {number} received
 * @property {number} unique
 * @property {number} duplicates
 * @property {number} dropped
 *
 * @typedef {EventCounts & {
 *   requests: number, accepted_requests: number, rejected_requests: number, validated_requests: number, faulted: number,
 *   violations: Violation[], violation_count: number, by_event: Record<string, EventCounts>
 * }} PlatformStats `requests` = accepted + rejected + validated + faulted (+ those still being answered).
 *
 * @typedef {object} Stats
 * @property {Record<string, PlatformStats>} platforms
 * @property {Violation[]} violations
 * @property {number} unrouted Requests to a host that no platform owns.
 *
 * @typedef {object} Received
 * @property {string} platform
 * @property {string} at ISO 8601, the twin's clock.
 * @property {string} host
 * @property {string} path
 * @property {string} event_name
 * @property {string | null} event_id
 * @property {boolean} duplicate
 * @property {any} event
 * @property {any} context
 * @property {string[]} notes
 * @property {string | null} fault What the request that brought it was met with: the sender may not know that it arrived.
 */
export {};
