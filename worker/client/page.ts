// The settings of the page's source, for the whole client.

import type {Page} from "./types.ts";

export type Settings = Omit<Page, "consent" | "pixels" | "maps"> & Partial<Page>;

// What compose.mjs knows beforehand of a script; what cannot come to pass in it is left out.
declare global {
  /** The name of the function. */
  const NAME: string;
  const VERSION: string;
  /** The script has its settings, and these are they. */
  const BAKED: boolean;
  /** Whether an opt-in is needed; null where only the page knows, in its settings. */
  const REQUIRED: boolean | null;
  /** Whether it is depends on where the visitor is. */
  const REGION: boolean;
  const COOKIES: boolean;
  const HOLD_MS: number;
  /** The source has pixels. */
  const PIXELS: boolean;
}

export interface Json {
  [key: string]: any;
}

/** `url` is where events are posted; `once` is what the next request has behind it, "" once one had it, and null after a new click; `flush` looks at consent again, and sends. */
export const page = {} as Settings & {once?: string | null; flush?: () => void};
