import type postgres from 'postgres';
import { beginUnanswered } from './begin-unanswered.ts';
import type { Database, Transaction } from '../database.ts';

/** A statement that is not sent yet. */
export type Statement = postgres.PendingQuery<postgres.Row[]>;

/** How a transaction ends: the last it writes, and what it comes to once that is committed. */
export interface Closing<Result> {
  readonly statements: readonly Statement[];
  readonly result: Result;
}

/**
 * Runs a transaction in two round trips: what it reads is sent together with `begin`, what it writes together with `commit`.
 *
 * - If `begin` fails, what `open` sent runs on its own. So `open` reads and locks; what it writes is conditional on
 *   `current_setting('transaction_deferrable') = 'on'`, which holds in such a transaction and nowhere else (below
 *   `serializable` it means nothing more).
 * - Nothing is said after `commit`, so `close` gives statements whose answers nobody needs. If one fails, the server answers
 *   `commit` with a rollback.
 */
export function pipelined<Opened, Result>(
  sql: Database,
  open: (tx: Transaction) => Promise<Opened>,
  close: (tx: Transaction, opened: Opened) => Closing<Result>,
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  /** The connection is not ours any more: a `rollback` would be said in another's transaction. */
  let over = false;
  const end = (error: unknown): void => {
    over = true;
    reject(error);
  };
  const work = async (tx: Transaction, begun: Promise<unknown>): Promise<never> => {
    begun.catch(end);
    try {
      const [opened] = await Promise.all([open(tx), begun]);
      if (over) return await nothingMore();
      const { statements, result } = close(tx, opened);
      over = true;
      const answers = await Promise.all([...statements.map(once), tx.unsafe('commit')]);
      if (answers.at(-1)?.command !== 'COMMIT') throw new Error('the transaction had failed before it was committed');
      resolve(result);
    } catch (error) {
      if (!over) throw error;
      end(error);
    }
    return nothingMore();
  };
  beginUnanswered(sql, work).catch(end);
  return promise;
}

/** The driver follows a transaction's work with `commit` or `rollback`: not if it never ends. */
const nothingMore = (): Promise<never> => new Promise(() => undefined);

/**
 * Keeps the driver from sending a statement again whose plan the server does not have any more (postgres 3.4.9, `retry`):
 * it would come after the commit, outside of the transaction.
 */
function once(statement: Statement): Statement {
  const query = statement as unknown as { cancelled: unknown; reject(error: unknown): void };
  Object.defineProperty(query, 'retried', {
    get: () => undefined,
    set(error: unknown) {
      query.cancelled = true;
      query.reject(error);
    },
  });
  return statement;
}
