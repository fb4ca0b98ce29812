// Built by worker/client/compose.mjs, as `make build` does; here is only what the page says.
globalThis.bench = {
  ready: () => globalThis.edgetally?.status().ready === true,
  send: (name, fields) => globalThis.edgetally(name, fields),
};
