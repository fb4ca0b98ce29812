// CookieFirst.
import {manager} from "../watch.ts";

export default manager(
  "CookieFirst",
  "cf_init cf_consent",
  {performance: "analytics", advertising: "ads"},
  ({consent}) => consent && [true, (name) => consent[name]],
);
