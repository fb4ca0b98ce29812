// Google's tag: `gtag`, or where a page has only the `dataLayer`, what `gtag` would put there: an `arguments` object, no array.

import {call} from "./tag.ts";

export function google(...command: unknown[]) {
  if (call("gtag", ...command)) return true;
  const {dataLayer} = window;
  if (!dataLayer) return false;
  (function (..._: unknown[]) {
    dataLayer.push(arguments);
  })(...command);
  return true;
}
