// The lite build brings the plugins along, so that none are fetched. The queue that sends by XMLHttpRequest keeps each event in
// localStorage until it is answered, and the next page takes over what a closed one left; the one that sends by beacon does not.
import {RudderAnalytics} from "@rudderstack/analytics-js/lite";

const analytics = new RudderAnalytics();
let ready = false;
analytics.load("bench", `${COLLECTOR}/rudderstack`, {
  getSourceConfig: () => ({
    source: {id: "bench", name: "bench", writeKey: "bench", enabled: true, workspaceId: "bench", config: {statsCollection: {errors: {enabled: false}, metrics: {enabled: false}}}, connections: [], destinations: []},
  }),
  plugins: ["XhrQueue"],
  loadIntegration: false,
  storage: {encryption: {version: "v3"}, migrate: false},
  onLoaded: () => (ready = true),
});
globalThis.bench = {ready: () => ready, send: (name, fields) => analytics.track(name, fields)};
