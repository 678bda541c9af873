import type { Database, Transaction } from '../database.ts';

/** What the driver's `begin` uses of the driver (postgres 3.4.9). */
interface Connection {
  queue: { push(connection: Connection): void; remove(connection: Connection): void };
}
interface Query {
  execute(): Promise<unknown>;
}
interface Driver {
  unsafe(text: string, parameters: unknown[], options: { onexecute(connection: Connection): void }): Query;
}

/**
 * The driver's `begin` without its wait: work starts when `begin` is sent, and what it sends follows in the same breath.
 * Of a driver that begins in another way it is just that, with the wait.
 *
 * @param work is given the answer to `begin` as well: before it is there, there may be no transaction
 */
export function beginUnanswered(
  sql: Database,
  work: (tx: Transaction, begun: Promise<unknown>) => Promise<never>,
): Promise<never> {
  const driver = sql as unknown as Driver;
  const { unsafe } = driver;
  let begun: Promise<unknown> = Promise.resolve();
  driver.unsafe = (text, parameters, { onexecute }) => ({
    execute: () =>
      new Promise((go, fail) => {
        begun = unsafe(text, parameters, {
          onexecute(connection) {
            onexecute(connection);
            keepOpen(connection);
            go(undefined);
          },
        }).execute();
        begun.then(go, fail);
      }),
  });
  try {
    // It calls `unsafe` at once, so that nobody else meets the one that is put in its place.
    return sql.begin('deferrable', (tx) => work(tx, begun));
  } finally {
    driver.unsafe = unsafe;
  }
}

/** The driver counts a connection as full while `begin` is on its way, and holds back what is to follow. */
function keepOpen(connection: Connection): void {
  const reserved = connection.queue;
  queueMicrotask(() => {
    connection.queue.remove(connection);
    reserved.push(connection);
    connection.queue = reserved;
  });
}
