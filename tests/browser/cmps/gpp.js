// The IAB's own implementation of the GPP API, which is what most consent managers run.
import {CmpApi} from "@iabgpp/cmpapi";

let cmp;
const opened = (saleOptOut) => {
  cmp.setFieldValue("usnat", "SaleOptOut", saleOptOut);
  cmp.setFieldValue("usnat", "SaleOptOutNotice", 1);
};

window.fake = {
  load({status = "not ready", sections = [7]} = {}) {
    cmp = new CmpApi(31, 1);
    opened(2);
    cmp.setApplicableSections(sections);
    cmp.setCmpStatus("loaded");
    cmp.setSignalStatus(status);
  },
  open() {
    cmp.setSignalStatus("not ready");
    cmp.setCmpDisplayStatus("visible");
  },
  save(saleOptOut) {
    opened(saleOptOut);
    cmp.fireSectionChange("usnat");
    cmp.setCmpDisplayStatus("hidden");
    cmp.setSignalStatus("ready");
  },
  string: () => cmp.getGppString(),
};
