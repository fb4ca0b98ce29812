/**
 * The credentials that the twin accepts unless told otherwise, by platform. They open nothing else.
 *
 * Tests and the demo hand the same ones to the worker as its secrets.
 */

import { generateKeyPairSync } from "node:crypto";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const credentials = {
  ga4: { secret: "ga4-secret-for-tests" },
  google_ads: {
    clientId: "twin-client.apps.googleusercontent.example",
    clientSecret: "twin-google-client-secret",
    refreshToken: "1//twin-google-refresh-token",
    /** A service account's key, as the file that Google hands out; made anew each time. */
    serviceAccount: {
      type: "service_account",
      project_id: "twin-project",
      private_key_id: "twin-key-1",
      private_key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
      client_email: "edgetally@twin-project.iam.gserviceaccount.example",
      token_uri: "https://oauth2.googleapis.com/token",
    },
    publicKey,
  },
  linkedin: {
    token: "twin-linkedin-direct-token",
    clientId: "twin-linkedin-client",
    clientSecret: "twin-linkedin-client-secret",
    refreshToken: "twin-linkedin-refresh-token",
  },
  /** The second one reads what Meta says about quality, and sends nothing; the first has not been opted in for that. */
  meta: { token: "EAAB-twin-token", qualityToken: "EAAB-twin-quality-token" },
  microsoft: { token: "twin-microsoft-tag-token" },
  /** The second one has the scope `ads:read` alone. */
  pinterest: { token: "pina_twin_conversion_token", qualityToken: "pina_twin_ads_read_token" },
  reddit: { token: "twin-reddit-conversion-token" },
  snapchat: { token: "twin-snapchat-capi-token" },
  tiktok: { token: "twin-tiktok-access-token" },
  webhook: { secret: "whsec_dHdpbi1ob29rLXNlY3JldC1mb3ItdGVzdHMtMDE=" },
  x: {
    pixelToken: "twin-x-pixel-token",
    consumerKey: "twinxconsumerkey",
    consumerSecret: "twin-x-consumer-secret",
    token: "370773112-twinxaccesstoken",
    tokenSecret: "twin-x-access-token-secret",
  },
};
