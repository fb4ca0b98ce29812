// Tasks of the core that wait for promises, see task.rs.

let resume;
let forget;
// A request whose sender goes away is never answered, and what it waits for never comes.
const abandoned = new FinalizationRegistry(({drop, task}) => drop(task));

/**
 * Says what carries a task on: with its number, what it waited for and whether that failed; gives its result or the next
 * promise, and throws where it is no more. And what ends one that will not be carried on.
 */
export function carryOnWith(step, drop) {
  resume = step;
  forget = drop;
}

/** Waits for what a task waits for, until there is nothing more; gives its result. */
export async function carry(task, promise) {
  // Of this instance: after a panic there is another, with tasks of its own.
  const step = resume;
  // Lives as long as somebody may still come back to this function.
  const alive = {};
  abandoned.register(alive, {drop: forget, task}, alive);
  try {
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
  } finally {
    abandoned.unregister(alive);
  }
}
