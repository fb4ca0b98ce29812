// The settings of the page's source, and what the whole client shares of the page.

import type {Page} from "./types.ts";

export type Settings = Omit<Page, "consent" | "pixels" | "maps"> & Partial<Page>;

export interface Json {
  [key: string]: any;
}

export let page: Settings;
export const setPage = (settings: Settings) => (page = settings);

export const clock = () => performance.now();
export const warn = (text: string) => console.warn("edgetally: " + text);
