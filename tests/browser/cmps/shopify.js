// Shopify's storefront: the Customer Privacy API is loaded on demand. What is allowed follows the region where nothing was answered.
let answers = {analytics: "", marketing: "", preferences: "", sale_of_data: ""};
let optOut = false;
const allowed = (name) => answers[name] === "yes" || (answers[name] === "" && optOut);
const api = {
  currentVisitorConsent: () => ({...answers}),
  analyticsProcessingAllowed: () => allowed("analytics"),
  marketingAllowed: () => allowed("marketing"),
  saleOfDataAllowed: () => answers.sale_of_data !== "no",
};

window.fake = {
  loads: 0,
  storefront(region = "EU") {
    optOut = region !== "EU";
    window.Shopify = {
      loadFeatures(features, done) {
        window.fake.loads++;
        window.fake.arrive = () => {
          window.Shopify.customerPrivacy = api;
          done(undefined);
        };
      },
    };
  },
  save(change) {
    answers = {...answers, ...change};
    document.dispatchEvent(new CustomEvent("visitorConsentCollected", {detail: {marketingAllowed: api.marketingAllowed(), analyticsAllowed: api.analyticsProcessingAllowed()}}));
  },
};
