// Microsoft: the id is `event_id`, among the data. Its stub is an array. It counts page views by itself, and takes no id for them.
import {ids} from "../tag.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, transaction_id} = fields;
  const {uetq} = window;
  if (name == "page_view" || name == "refund") return true;
  if (!uetq) return false;
  uetq.push("event", map?.[name] || name, {revenue_value: value, currency, event_id: id, transaction_id, ecomm_prodid: ids(fields)});
  return true;
};

export default pixel;
