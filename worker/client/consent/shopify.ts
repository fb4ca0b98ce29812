// Shopify's Customer Privacy API, in the storefront.
import {manager} from "../watch.ts";

let asked = false;

export default manager("Shopify", "visitorConsentCollected", {analytics: "analytics", marketing: "ads"}, (shop, _, look) => {
  const api = shop.customerPrivacy;
  if (!api) {
    if (asked) return;
    asked = true;
    shop.loadFeatures([{name: "consent-tracking-api", version: "0.1"}], look);
    return;
  }
  // What was answered, `""` where nothing was; what is allowed follows the region as well. Sale is part of advertising.
  const {analytics, marketing} = api.currentVisitorConsent();
  return [
    analytics && marketing,
    (name) => (name === "marketing" ? api.marketingAllowed() && api.saleOfDataAllowed() : name === "analytics" && api.analyticsProcessingAllowed()),
  ];
});
