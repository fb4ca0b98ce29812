// The settings are given, so that none are fetched. Standard delivery sends each event at once and keeps what fails in localStorage;
// with `keepalive` a request outlives its tab, which its own default ("batching", or no keepalive) would lose.
import {AnalyticsBrowser} from "@segment/analytics-next";

const url = new URL(COLLECTOR);
const analytics = AnalyticsBrowser.load(
  {writeKey: "bench", cdnSettings: {integrations: {"Segment.io": {apiKey: "bench"}}}},
  {integrations: {"Segment.io": {apiHost: `${url.host}/segment`, protocol: "http", deliveryStrategy: {config: {keepalive: true}}}}},
);
let ready = false;
analytics.ready(() => (ready = true));
globalThis.bench = {ready: () => ready, send: (name, fields) => void analytics.track(name, fields)};
