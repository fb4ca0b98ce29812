/**
 * How Google's HTTP front ends read JSON into a protobuf message: a field that the message lacks is refused by name, a value
 * of another type by its place, all of them at once. Taken, although no sender should: `null` for a field, the field's
 * snake_case name, an enum's number, a double in quotes, a value that says nothing. (protobuf.dev, ProtoJSON format, read 2026-11.)
 */

import { isNumber, isObject } from "./checks.mjs";

/**
 * @typedef {'string' | 'bool' | 'double' | 'int32' | 'int64' | 'timestamp' | EnumType | ListType | MessageType} Type
 * @typedef {{enum: string, values: readonly string[]}} EnumType `enum` is the full name, as errors print it.
 * @typedef {{list: Type}} ListType
 * @typedef {{fields: Record<string, Type>, oneof?: string}} MessageType `oneof`: all fields form one of this name.
 *
 * @typedef {object} Problem
 * @property {string} path snake_case, as Google prints it; empty for the request itself.
 * @property {string} rule For the log: no value.
 * @property {string} message For the client; it quotes the value as Google does.
 *
 * @typedef {object} Decoded
 * @property {Record<string, any>} value lowerCamelCase names, without nulls; numbers as numbers, times as unix milliseconds.
 * @property {Problem[]} problems
 * @property {import("./types.mjs").Finding[]} findings
 */

/** @param {string} name */
export function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @param {Record<string, Type>} fields @param {string} [oneof] @returns {MessageType} */
export const message = (fields, oneof) => ({ fields, ...(oneof ? { oneof } : {}) });
/** @param {Type} type @returns {ListType} */
export const list = (type) => ({ list: type });
/** @param {string} name @param {string[]} values The first is number 0. @returns {EnumType} */
export const oneOf = (name, ...values) => ({ enum: name, values });

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Unix milliseconds of a time with a zone that stands in the calendar; else null.
 * @param {unknown} value
 */
export function instant(value) {
  const found = typeof value === "string" ? RFC_3339.exec(value) : null;
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = found;
  const civil = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // `Date.UTC` carries the 30th of February over into March; here it is no date.
  if (new Date(civil).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return null;
  const offset = zone === "Z" ? 0 : (zone.startsWith("-") ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)));
  return civil - offset * 60_000 + Number(fraction.padEnd(3, "0").slice(0, 3));
}

/**
 * @param {unknown} json
 * @param {MessageType} type
 * @returns {Decoded}
 */
export function decode(json, type) {
  /** @type {Problem[]} */
  const problems = [];
  /** @type {import("./types.mjs").Finding[]} */
  const findings = [];

  /** @param {string} path @param {string} kind @param {unknown} value @param {string} [note] */
  const invalid = (path, kind, value, note) => {
    const shown = note ?? JSON.stringify(value);
    problems.push({ path, rule: `is no ${kind.replace(/^.*\./, "")}`, message: `Invalid value at '${path}' (${kind}), ${shown}` });
    return undefined;
  };

  /** @param {unknown} value @param {string} path @param {'int32' | 'int64'} kind */
  const integer = (value, path, kind) => {
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    const bound = kind === "int32" ? 2 ** 31 : 2 ** 63;
    if (!Number.isInteger(number) || Number(number) >= bound || Number(number) < -bound) return invalid(path, `TYPE_${kind.toUpperCase()}`, value);
    return number;
  };

  /** @param {unknown} value @param {Type} as @param {string} path @returns {unknown} */
  const read = (value, as, path) => {
    if (typeof as === "object") {
      if ("fields" in as) return readMessage(value, as, path);
      if ("enum" in as) {
        if (typeof value === "number" && as.values[value] !== undefined) {
          findings.push({ kind: "enum_as_number", where: path });
          return as.values[value];
        }
        return typeof value === "string" && as.values.includes(value) ? value : invalid(path, `type.googleapis.com/${as.enum}`, value);
      }
      if (!Array.isArray(value)) {
        const name = path.slice(path.lastIndexOf(".") + 1);
        problems.push({
          path, rule: "is not a list",
          message: `Invalid JSON payload received. Unknown name "${name}" at '${path}': Proto field is repeating, must start list.`,
        });
        return undefined;
      }
      if (value.length === 0) findings.push({ kind: "empty_list", where: path });
      return value.map((one, index) => read(one, as.list, `${path}[${index}]`));
    }
    switch (as) {
      case "string":
        if (typeof value !== "string") return invalid(path, "TYPE_STRING", value);
        if (value === "") findings.push({ kind: "empty_text", where: path });
        else if (value !== value.trim()) findings.push({ kind: "space_around_text", where: path });
        return value;
      case "bool":
        return typeof value === "boolean" ? value : invalid(path, "TYPE_BOOL", value);
      case "double": {
        if (isNumber(value)) return value;
        if (typeof value !== "string" || value.trim() === "" || !Number.isFinite(Number(value))) return invalid(path, "TYPE_DOUBLE", value);
        findings.push({ kind: "number_as_text", where: path });
        return Number(value);
      }
      case "timestamp": {
        const kind = "type.googleapis.com/google.protobuf.Timestamp";
        const field = path.slice(path.lastIndexOf(".") + 1);
        return instant(value) ?? invalid(path, kind, value, `Field '${field}', Invalid time format: ${JSON.stringify(value)}`);
      }
      default:
        return integer(value, path, as);
    }
  };

  /** @param {unknown} value @param {MessageType} as @param {string} path @returns {Record<string, any> | undefined} */
  const readMessage = (value, as, path) => {
    if (!isObject(value)) return invalid(path || "request", "TYPE_MESSAGE", value);
    /** @type {Record<string, any>} */
    const out = {};
    const names = Object.keys(as.fields);
    if (Object.keys(value).length === 0 && path !== "") findings.push({ kind: "empty_object", where: path });
    for (const [key, one] of Object.entries(value)) {
      const name = names.find((known) => known === key || snake(known) === key);
      const at = path === "" ? snake(key) : `${path}.${snake(key)}`;
      const field = name === undefined ? undefined : as.fields[name];
      if (name === undefined || field === undefined) {
        const where = path === "" ? "" : ` at '${path}'`;
        problems.push({
          path, rule: "has a field that the message lacks",
          message: `Invalid JSON payload received. Unknown name "${key}"${where}: Cannot find field.`,
        });
        continue;
      }
      if (key !== name) findings.push({ kind: "snake_case_field", where: at });
      if (one === null) {
        findings.push({ kind: "null_field", where: at });
        continue;
      }
      if (name in out) {
        problems.push({ path: at, rule: "is set under both its names", message: `Invalid value at '${path}' (field), '${name}' is already set.` });
        continue;
      }
      const [set] = Object.keys(out);
      if (as.oneof && set !== undefined) {
        problems.push({
          path, rule: "has more than one of a oneof",
          message: `Invalid value at '${path}' (oneof), oneof field '${as.oneof}' is already set. Cannot set '${name}'`,
        });
        continue;
      }
      const got = read(one, field, at);
      if (got !== undefined) out[name] = got;
    }
    return out;
  };

  return { value: readMessage(json, type, "") ?? {}, problems, findings };
}
