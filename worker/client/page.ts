// The settings of the page's source, and the clock, for the whole client.

import type {Page} from "./types.ts";

export type Settings = Omit<Page, "consent" | "pixels" | "maps"> & Partial<Page>;

export interface Json {
  [key: string]: any;
}

/** `url` is where events are posted; `once` is what the next request has behind it; `flush` looks at consent again, and sends. */
export const page = {once: ""} as Settings & {once: string; flush: () => void};

const start = Date.now() - performance.now();
/** The time by the visitor's clock, right or wrong; nobody sets it while the page lives. */
export const clock = () => start + performance.now();
