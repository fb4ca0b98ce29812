// Tasks of the core that wait for promises, see task.rs.

let resume;

/** Says what carries a task on: with its number, what it waited for and whether that failed; gives its result or the next promise. */
export function carryOnWith(step) {
  resume = step;
}

/** Waits for what a task waits for, until there is nothing more; gives its result. */
export async function carry(task, promise) {
  // Of this instance: after a panic there is another, with tasks of its own.
  const step = resume;
  let next = promise;
  do {
    let value;
    let failed = false;
    try {
      value = await next;
    } catch (error) {
      value = error;
      failed = true;
    }
    next = step(task, value, failed);
  } while (next instanceof Promise);
  return next;
}
