// OneTrust and CookiePro.
import {manager} from "../watch.ts";

export default manager("OneTrust", "OneTrustGroupsUpdated", {C0002: "analytics", C0004: "ads"}, (api) => {
  // They hold the defaults of the visitor's region until the banner is answered; where none is shown it never is.
  const groups = (window.OnetrustActiveGroups || window.OptanonActiveGroups).toLowerCase().split(",");
  return [api.IsAlertBoxClosed(), (name) => groups.includes(name.toLowerCase())];
});
