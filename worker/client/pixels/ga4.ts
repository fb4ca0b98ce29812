// GA4 recognises two copies of a purchase, by `transaction_id`, and of nothing else: so nothing else is said in the page.
import {google} from "../google.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}) => {
  const {value, currency, transaction_id, items} = fields;
  return name != "purchase" || google("event", name, {transaction_id: transaction_id || id, value, currency, items});
};

export default pixel;
