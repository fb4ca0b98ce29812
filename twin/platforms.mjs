/** The platforms that the twin plays: one module and one line each. */

import { ga4 } from "./platforms/ga4.mjs";
import { google_ads } from "./platforms/google_ads.mjs";
import { linkedin } from "./platforms/linkedin.mjs";
import { meta } from "./platforms/meta.mjs";
import { microsoft } from "./platforms/microsoft.mjs";
import { pinterest } from "./platforms/pinterest.mjs";
import { reddit } from "./platforms/reddit.mjs";
import { snapchat } from "./platforms/snapchat.mjs";
import { tiktok } from "./platforms/tiktok.mjs";
import { webhook } from "./platforms/webhook.mjs";
import { x } from "./platforms/x.mjs";

/** @type {readonly import("./types.mjs").Platform[]} */
export const platforms = [
  ga4,
  google_ads,
  linkedin,
  meta,
  microsoft,
  pinterest,
  reddit,
  snapchat,
  tiktok,
  webhook,
  x,
];
