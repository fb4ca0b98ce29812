// As much of WebAssembly's binary format as telling the size of its parts takes: sections, function bodies, names.

/**
 * A number of variable length, and where it ends.
 * @param {Buffer} wasm @param {number} at
 */
function leb(wasm, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return {value, at};
  }
}

/** @param {Buffer} wasm @param {number} at */
function text(wasm, at) {
  const {value: length, at: start} = leb(wasm, at);
  return {value: wasm.toString("utf8", start, start + length), at: start + length};
}

/**
 * @typedef {object} Section
 * @property {number} id
 * @property {string | undefined} custom its name, where it is a custom section
 * @property {number} start of the whole
 * @property {number} content behind the length, and behind the name of a custom section
 * @property {number} end
 */

/**
 * @param {Buffer} wasm
 * @returns {Section[]}
 */
export function sections(wasm) {
  const found = [];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at] ?? 0;
    const length = leb(wasm, at + 1);
    const end = length.at + length.value;
    const name = id === 0 ? text(wasm, length.at) : undefined;
    found.push({id, custom: name?.value, start: at, content: name?.at ?? length.at, end});
    at = end;
  }
  return found;
}

const IMPORTS = 2;
const CODE = 10;
const FUNCTION_NAMES = 1;

/**
 * The bodies of the functions, in their order.
 * @param {Buffer} wasm
 */
export function bodies(wasm) {
  const section = sections(wasm).find(({id}) => id === CODE);
  if (!section) return [];
  const count = leb(wasm, section.content);
  const found = [];
  for (let at = count.at; found.length < count.value; ) {
    const length = leb(wasm, at);
    at = length.at + length.value;
    found.push(wasm.subarray(length.at, at));
  }
  return found;
}

/**
 * The names of the functions that have a body, in their order.
 * @param {Buffer} wasm
 */
export function functionNames(wasm) {
  const all = sections(wasm);
  const section = all.find(({custom}) => custom === "name");
  /** @type {Map<number, string>} */
  const names = new Map();
  for (let at = section?.content ?? 0; at < (section?.end ?? 0); ) {
    const kind = wasm[at];
    const length = leb(wasm, at + 1);
    at = length.at;
    if (kind === FUNCTION_NAMES) {
      let {value: count, at: next} = leb(wasm, at);
      for (; count > 0; count--) {
        const index = leb(wasm, next);
        const name = text(wasm, index.at);
        names.set(index.value, name.value);
        next = name.at;
      }
    }
    at += length.value;
  }
  const before = importedFunctions(wasm, all.find(({id}) => id === IMPORTS));
  return bodies(wasm).map((_, index) => names.get(before + index) ?? "");
}

/**
 * How many functions are imported; they are counted before those that have a body.
 * @param {Buffer} wasm @param {Section | undefined} section
 */
function importedFunctions(wasm, section) {
  if (!section) return 0;
  let functions = 0;
  let {value: count, at} = leb(wasm, section.content);
  /** Limits of a memory or a table. */
  const limits = () => {
    const bounded = (wasm[at++] ?? 0) & 1;
    at = leb(wasm, at).at;
    if (bounded) at = leb(wasm, at).at;
  };
  for (; count > 0; count--) {
    at = text(wasm, text(wasm, at).at).at;
    const kind = wasm[at++];
    if (kind === 0) {
      functions++;
      at = leb(wasm, at).at;
    } else if (kind === 1) {
      at++;
      limits();
    } else if (kind === 2) {
      limits();
    } else if (kind === 3) {
      at += 2;
    } else if (kind === 4) {
      at = leb(wasm, at + 1).at;
    }
  }
  return functions;
}
