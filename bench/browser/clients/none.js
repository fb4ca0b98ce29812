// The same page without a client: what it costs by itself.
globalThis.bench = {ready: () => true, send: () => {}};
