#!/usr/bin/env node
/** `node twin/main.mjs --port 8799`: the twin as a process of its own. */

import { parseArgs } from "node:util";
import { startTwin } from "./server.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8799" },
    host: { type: "string", default: "127.0.0.1" },
    "webhook-host": { type: "string", multiple: true },
    "webhook-secret": { type: "string" },
    "meta-token": { type: "string", multiple: true },
  },
});

const twin = await startTwin({
  port: Number(values.port),
  host: values.host,
  webhookHosts: values["webhook-host"] ?? [],
  webhookSecret: values["webhook-secret"],
  metaTokens: values["meta-token"],
});
process.stdout.write(`twin listening on ${twin.url}\n`);

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    twin.close().then(() => process.exit(0));
  });
}
