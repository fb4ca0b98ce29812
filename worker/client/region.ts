// What silence means where the visitor is: for a source whose settings have `consent = "by_region"`. Only the gateway knows the country.

import {page} from "./page.ts";
import {looks} from "./watch.ts";

let asked: unknown;

/**
 * Asks, once in a page. Until the answer says otherwise, and where none comes, a yes is needed. Nothing of it is stored, and nothing of the
 * visitor sent: not even which page it is.
 */
export async function ask() {
  if (asked) return;
  asked = 1;
  try {
    const answer = await fetch(page.url!.replace("events?", "region?"), {credentials: "omit", referrerPolicy: "origin"});
    if (!answer.ok || (await answer.json()).consent != "implied") return;
    page.required = false;
    // A banner's own rules for the region count now, so what it says is read again first.
    for (const look of looks) look();
    page.flush!();
  } catch {}
}
