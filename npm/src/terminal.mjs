// Text for a terminal: colours where they are wanted, numbers, tables, JSON that fits.

const tty = process.stdout.isTTY === true;
const {NO_COLOR, FORCE_COLOR, TERM} = process.env;
const coloured = !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== "0" : tty && TERM !== "dumb");

/** @param {number} code */
const style = (code) => (/** @type {string} */ text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = style(1);
export const dim = style(2);
export const red = style(31);
export const green = style(32);
export const yellow = style(33);

/** The widest line of the report. */
export const WIDTH = 96;

/** @param {number} value */
export function number(value) {
  return value.toLocaleString("en-GB");
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 995) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Minutes and seconds.
 * @param {number} ms
 */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * A count with its noun.
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * The value below which the share `q` of the values lies; `values` are sorted.
 * @param {readonly number[]} values
 * @param {number} q
 */
export function quantile(values, q) {
  return values[Math.min(values.length - 1, Math.max(0, Math.ceil(values.length * q) - 1))] ?? 0;
}

/**
 * @param {string} text
 * @param {number} width
 */
export function cut(text, width) {
  const letters = [...text];
  if (letters.length <= width) return text;
  const kept = letters.slice(0, width - 1).join("");
  const end = kept.lastIndexOf(" ");
  return `${(end > width * 0.6 ? kept.slice(0, end) : kept).replace(/[,:;.]$/, "")}…`;
}

/** @param {string} [text] */
export function print(text = "") {
  process.stdout.write(`${text}\n`);
}

/** @param {string} text */
export function heading(text) {
  print();
  print(bold(text));
}

/**
 * Text broken at spaces, each line behind `indent` spaces.
 * @param {string} text
 * @param {number} [indent]
 */
export function wrap(text, indent = 2) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1] ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (indent + line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => " ".repeat(indent) + line).join("\n");
}

/**
 * JSON on one line, with spaces where people put them.
 * @param {unknown} value
 * @returns {string}
 */
function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inline(one)}`);
    return `{${entries.join(", ")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/**
 * JSON that fills its lines.
 * @param {object} value
 * @param {number} indent
 * @returns {string[]}
 */
function fill(value, indent) {
  const list = Array.isArray(value);
  /** @type {[string, unknown][]} */
  const entries = list ? value.map((one) => ["", one]) : Object.entries(value).map(([key, one]) => [`${JSON.stringify(key)}: `, one]);
  const pad = " ".repeat(indent + 2);
  /** @type {string[]} */
  const lines = [];
  let line = "";
  const flush = () => {
    if (line) lines.push(pad + line);
    line = "";
  };
  entries.forEach(([key, one], index) => {
    const comma = index < entries.length - 1 ? "," : "";
    const text = key + inline(one) + comma;
    const room = WIDTH - pad.length;
    if (line && line.length + 1 + text.length <= room) {
      line += ` ${text}`;
    } else if (text.length <= room) {
      flush();
      line = text;
    } else {
      flush();
      if (typeof one !== "object" || one === null) {
        lines.push(pad + key + cut(inline(one), room - key.length - comma.length) + comma);
        return;
      }
      const inner = fill(one, indent + 2);
      lines.push(pad + key + (inner.shift() ?? "").trimStart(), ...inner);
      lines[lines.length - 1] += comma;
    }
  });
  flush();
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  return [" ".repeat(indent) + open, ...lines, " ".repeat(indent) + close];
}

/**
 * JSON in as few lines as fit.
 * @param {unknown} value
 * @param {number} [indent]
 */
export function json(value, indent = 2) {
  const line = inline(value);
  if (line.length + indent <= WIDTH) return " ".repeat(indent) + line;
  return typeof value === "object" && value !== null ? fill(value, indent).join("\n") : " ".repeat(indent) + cut(line, WIDTH - indent);
}

/**
 * A JSON text with line breaks and nothing else changed: amounts keep their spelling.
 * @param {string} text without blanks between its tokens
 * @param {number} indent
 */
export function broken(text, indent) {
  let depth = 0;
  const line = () => `\n${" ".repeat(indent + depth * 2)}`;
  return " ".repeat(indent) + text.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g, (token, at) => {
    if (token === "{" || token === "[") {
      if (/[}\]]/.test(text[at + 1] ?? "")) return token;
      depth += 1;
      return token + line();
    }
    if (token === "}" || token === "]") {
      if (/[{[]/.test(text[at - 1] ?? "")) return token;
      depth -= 1;
      return line() + token;
    }
    return token === "," ? token + line() : token === ":" ? ": " : token;
  });
}

/** One line that is rewritten on a terminal; elsewhere a line every few seconds. */
export class Progress {
  #shown = "";
  #last = 0;

  /**
   * @param {string} text
   * @param {boolean} [now] write it even where lines are rare
   */
  update(text, now = false) {
    if (tty) {
      this.#shown = cut(text, Math.max(20, (process.stdout.columns ?? 80) - 1));
      process.stdout.write(`\r\u001b[K${this.#shown}`);
    } else if (now || Date.now() - this.#last >= 5000) {
      this.#last = Date.now();
      print(text);
    }
  }

  /**
   * A line that stays.
   * @param {string} text
   */
  say(text) {
    if (tty) process.stdout.write("\r\u001b[K");
    print(text);
    if (tty && this.#shown) process.stdout.write(this.#shown);
  }

  end() {
    if (tty && this.#shown) process.stdout.write("\r\u001b[K");
    this.#shown = "";
  }
}

/**
 * A bar of 24 characters.
 * @param {number} share from 0 to 1
 */
export function bar(share) {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 24);
  return `[${"#".repeat(full)}${"-".repeat(24 - full)}]`;
}
