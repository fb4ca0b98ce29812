// Reddit: the id is `conversionId`, among the data. What has no name there is a custom event.
import {call, count, named} from "../tag.ts";
import type {Pixel} from "../types.ts";

const NAMES: Record<string, string> = {
  page_view: "PageVisit",
  view_item: "ViewContent",
  search: "Search",
  add_to_cart: "AddToCart",
  add_to_wishlist: "AddToWishlist",
  purchase: "Purchase",
  generate_lead: "Lead",
  contact: "Lead",
  submit_application: "Lead",
  sign_up: "SignUp",
};
/** Custom events whose names the server spells like Reddit's own. */
const SPELT = /^(view_item_list|add_payment_info|subscribe|start_trial|schedule|find_location|customize_product|donate)$/;

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, transaction_id, items} = fields;
  const products = items?.map(({item_id, item_name, item_category}) => ({id: "" + item_id, name: item_name, category: item_category}));
  const data = {value, currency, transactionId: transaction_id, conversionId: id, itemCount: count(fields), products};
  const theirs = map?.[name] || NAMES[name];
  if (name == "refund") return true;
  if (theirs) return call("rdt", "track", theirs, data);
  return call("rdt", "track", "Custom", {...data, customEventName: name == "begin_checkout" ? "BeginCheckout" : SPELT.test(name) ? named(name) : name});
};

export default pixel;
