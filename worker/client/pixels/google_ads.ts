// Google Ads: knows events by the labels of its conversions (`AW-…/…`), so only those of the map; the id is `transaction_id`.
import {google} from "../google.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, transaction_id} = fields;
  return !map?.[name] || google("event", "conversion", {send_to: map[name], value, currency, transaction_id: transaction_id || id});
};

export default pixel;
