// Snapchat: the id is `client_dedup_id`, among the data. Events that have no name there are none.
import {call, count, ids} from "../tag.ts";
import type {Pixel} from "../types.ts";

const NAMES: Record<string, string> = {
  view_item: "VIEW_CONTENT",
  view_item_list: "LIST_VIEW",
  add_to_cart: "ADD_CART",
  begin_checkout: "START_CHECKOUT",
  add_payment_info: "ADD_BILLING",
  generate_lead: "SIGN_UP",
  schedule: "RESERVE",
};
const SAME = /^(page_view|search|add_to_wishlist|purchase|sign_up|subscribe|start_trial)$/;

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, transaction_id} = fields;
  const theirs = map?.[name] || NAMES[name] || (SAME.test(name) && name.toUpperCase());
  const data = {price: value, currency, transaction_id, client_dedup_id: id, item_ids: ids(fields), number_items: count(fields)};
  return !theirs || call("snaptr", "track", theirs, data);
};

export default pixel;
