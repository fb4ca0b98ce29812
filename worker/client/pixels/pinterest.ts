// Pinterest: the id is `event_id`, among the data.
import {STANDARD, call, count} from "../tag.ts";
import type {Pixel} from "../types.ts";

/** Names of the API; the tag writes them without the lines below. */
const NAMES: Record<string, string> = {
  page_view: "page_visit",
  view_item: "view_content",
  view_item_list: "view_category",
  begin_checkout: "initiate_checkout",
  purchase: "checkout",
  generate_lead: "lead",
  sign_up: "signup",
  donate: "custom",
};

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, transaction_id, items} = fields;
  const line_items = items?.map(({item_id, item_name, price, quantity = 1, item_category, item_brand}) => ({
    product_id: "" + item_id,
    product_name: item_name,
    product_price: price,
    product_quantity: quantity,
    product_category: item_category,
    product_brand: item_brand,
  }));
  const data = {event_id: id, value, currency, order_id: transaction_id, order_quantity: count(fields), line_items};
  return name == "refund" || call("pintrk", "track", map?.[name] || (NAMES[name] || STANDARD.test(name) ? (NAMES[name] || name).replace(/_/g, "") : name), data);
};

export default pixel;
