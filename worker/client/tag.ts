// What the pixels have in common: calling a tag that may not be there, and what tags call things.

import type {Fields} from "./types.ts";

/** `false` where there is neither the tag nor its stub. */
export function call(name: string, ...given: unknown[]) {
  const tag = window[name];
  if (typeof tag != "function") return false;
  tag(...given);
  return true;
}

/** Names of ours that are other words elsewhere; the rest is a matter of spelling: `add_to_cart` is AddToCart. */
const NAMES: Record<string, string> = {
  page_view: "PageView",
  view_item: "ViewContent",
  begin_checkout: "InitiateCheckout",
  generate_lead: "Lead",
  sign_up: "CompleteRegistration",
};
export const named = (name: string) => NAMES[name] || name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The events with a name of their own at Meta and TikTok. */
export const STANDARD =
  /^(page_view|view_item|search|add_to_(cart|wishlist)|begin_checkout|add_payment_info|purchase|generate_lead|sign_up|subscribe|start_trial|contact|schedule|submit_application|find_location|customize_product|donate)$/;

export const ids = ({items}: Fields) => items?.map(({item_id}) => "" + item_id);
export const count = ({items}: Fields) => items?.reduce((sum, {quantity = 1}) => sum + quantity, 0);
