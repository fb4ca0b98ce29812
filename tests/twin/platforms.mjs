/** The platforms that the twin plays: one module and one line each. */

import { ga4 } from "./platforms/ga4.mjs";
import { google_ads } from "./platforms/google_ads.mjs";
import { meta } from "./platforms/meta.mjs";
import { webhook } from "./platforms/webhook.mjs";

/** @type {readonly import("./types.mjs").Platform[]} */
export const platforms = [
  ga4,
  google_ads,
  meta,
  webhook,
];
