import type postgres from 'postgres';
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
export async function pipelined<Opened, Result>(
  sql: Database,
  open: (tx: Transaction) => Promise<Opened>,
  close: (tx: Transaction, opened: Opened) => Closing<Result>,
): Promise<Result> {
  const connection = await sql.reserve();
  // Whoever gets it sends statements, which is all that the two have in common.
  const tx = connection as unknown as Transaction;
  try {
    const begun = tx.unsafe('begin deferrable').execute();
    const [opened] = await Promise.all([open(tx), begun]);
    const { statements, result } = close(tx, opened);
    const answers = await Promise.all([...statements, tx.unsafe('commit')]);
    if (answers.at(-1)?.command !== 'COMMIT') throw new Error('the transaction had failed before it was committed');
    return result;
  } catch (error) {
    // Where there is no transaction any more it changes nothing; a connection that is lost says no more than that it is.
    await tx.unsafe('rollback').catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}
