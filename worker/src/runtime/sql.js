// The ledger and its database.

// What the ledger is handed in one call: an object has 128 MB, and holds a call's reports several times over.
const MOST_REPORTED = 1_000_000;

// How long an object of claims may take over an answer, in milliseconds. The events wait for the next try.
const CLAIMS_MS = 5000;

/** Asks an object that keeps claims. Gives the reply's text; any other status than 200 is an error. */
export async function askClaims(env, name, text) {
  const objects = env.CLAIMS_OBJECT;
  const options = {method: "POST", body: text, signal: AbortSignal.timeout(CLAIMS_MS)};
  const response = await objects.get(objects.idFromName(name)).fetch("https://claims/", options);
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`the claims answered ${response.status}`);
  return answer;
}

/** Asks the ledger. Gives the reply's text; any other status than 200 is an error. */
export async function ledger(env, path, text) {
  const stub = env.LEDGER.get(env.LEDGER.idFromName("ledger"));
  let last = "";
  let failed = 0;
  for (const body of path === "/report" && text.length > MOST_REPORTED ? portions(text) : [text]) {
    const response = await stub.fetch(`https://ledger${path}`, {method: "POST", body});
    last = await response.text();
    if (response.status !== 200) failed = response.status;
  }
  if (failed) throw new Error(`the ledger answered ${failed}`);
  return last;
}

/** A JSON list in several, none of which is longer than what is handed in at once, unless a single member is. */
function portions(text) {
  const lists = [];
  let length = Infinity;
  for (const member of JSON.parse(text)) {
    const one = JSON.stringify(member);
    if (length + one.length > MOST_REPORTED) {
      lists.push([]);
      length = 0;
    }
    lists.at(-1).push(one);
    length += one.length + 1;
  }
  return lists.map((list) => `[${list.join()}]`);
}

/** All rows of a query as JSON, its parameters being texts and numbers in a JSON list. */
export function rows(storage, query, parameters) {
  return JSON.stringify(storage.sql.exec(query, ...JSON.parse(parameters)).toArray());
}

/** The same as JSON lists, which are shorter where there are many. */
export function lists(storage, query, parameters) {
  return JSON.stringify([...storage.sql.exec(query, ...JSON.parse(parameters)).raw()]);
}

/** The same of a query that writes: how many rows that took, as they are billed. */
export function written(storage, query, parameters) {
  const cursor = storage.sql.exec(query, ...JSON.parse(parameters));
  cursor.toArray();
  return cursor.rowsWritten;
}

/** Does the work in one transaction: all of it is undone where it says that it failed. */
export function transaction(storage, work) {
  storage.transactionSync(() => {
    if (!work()) throw new Error("undone");
  });
}

/** How many bytes of the database are in use. */
export function size(storage) {
  return storage.sql.databaseSize;
}
