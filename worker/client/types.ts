// What a page may say and ask, and what the client's parts promise each other. No code.

export type Word = "granted" | "denied";

/** What is known of the visitor's decision; what is absent was not said. */
export interface Signals {
  ad_storage?: Word;
  analytics_storage?: Word;
  ad_user_data?: Word;
  ad_personalization?: Word;
  tcf?: string;
  additional_consent?: string;
  gdpr_applies?: boolean;
  gpp?: string;
  gpp_sid?: number[];
  gpc?: boolean;
}

/** The whole state of one consent source. One that is undecided says no yes, since a banner's default is nobody's; its no is kept to. `ignored`: how many commands Google's own reader would not obey either. */
export interface Report {
  decided: boolean;
  signals: Signals;
  ignored?: number;
}

/**
 * Watches one consent source. `report` may be called any number of times, with the whole state each time; where the source is not
 * in the page, never. Never throws.
 */
export type Adapter = (
  report: (state: Report) => void,
  options: {categories: Record<string, "analytics" | "ads">; required: boolean},
) => void;

export interface Item {
  item_id?: string | number;
  item_name?: string;
  price?: number;
  quantity?: number;
  item_brand?: string;
  item_category?: string;
  [key: string]: unknown;
}

/** The fields of docs/events.md that a page may give. */
export interface Fields {
  event_id?: string | number;
  event_time?: string | number;
  value?: number;
  currency?: string;
  transaction_id?: string | number;
  predicted_ltv?: number;
  event_token?: string;
  items?: Item[];
  user?: Record<string, string | number>;
  context?: Record<string, unknown>;
  consent?: Signals & Record<string, unknown>;
  action_source?: string;
  release?: string;
  test?: boolean;
  properties?: Record<string, unknown>;
}

/**
 * One platform's tag in the page, which the page itself loads. `false`: neither the tag nor its stub is there yet, so the core keeps the call in
 * memory and tries again. `map`: event name → the platform's own id, where it wants one.
 */
export type Pixel = (event: {name: string; id: string; fields: Fields}, map?: Record<string, string>) => boolean;

/** What the settings say of a source, as `page` of crates/tool gives it; compose.mjs bakes it in. */
export interface Page {
  source?: string;
  key: string;
  /** The gateway's address; absent: the folder that the script is in. */
  url?: string;
  /** Of the global function, where it is to be another than `edgetally`. */
  name?: string;
  /** Whether some visitor's events need an opt-in. */
  required: boolean;
  /** Whether that depends on where the visitor is, which the gateway is asked. Only for compose.mjs. */
  by_region?: boolean;
  consent: string[];
  pixels: string[];
  categories: Record<string, "analytics" | "ads">;
  hold_ms: number;
  cookies: boolean;
  /** A page view by itself: of the page, of each other address that it takes on, and of its return. */
  page_views?: boolean;
  maps: Record<string, Record<string, string>>;
}

/** `edgetally.status()`: what a person at the console wants to know. */
export interface Status {
  version: string;
  /** The script runs and knows where to send. */
  ready: boolean;
  consent: {
    decided: boolean;
    signals: Signals;
    /** By adapter; "site" is the page's own word. */
    sources: Record<string, Report>;
  };
  /** Events that are not on their way. */
  waiting: number;
  /** Events that the gateway has not answered for, those with them. */
  outbox: number;
  sent: number;
  /** The last answers that were no 2xx. */
  refused: number[];
  /** By cause. */
  dropped: Record<string, number>;
  /** The directive of the page's policy that keeps events from being sent. */
  csp?: string;
}

export interface Edgetally {
  (command: "init", page: Partial<Page> & {key: string}): string | undefined;
  (command: "consent", signals: Signals): string | undefined;
  (command: "set", fields: Pick<Fields, "user" | "release" | "properties" | "test">): string | undefined;
  /** The event's id, at once. */
  (event: string, fields?: Fields): string;
  /** Of the stub: no more than `ready` and `waiting`. */
  status(): Partial<Status> & Pick<Status, "ready" | "waiting">;
  /** Of the stub: what was called before the script was there. */
  q?: unknown[][];
}

declare global {
  interface Window {
    /** The snippet sees to it that it is there. */
    edgetally: Edgetally;
    [name: string]: any;
  }
}
