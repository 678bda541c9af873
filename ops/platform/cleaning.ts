import type { Database } from './database.ts';

/**
 * For how many days rows are kept that are not kept for ever.
 *
 * - `journal`: what is known of messages and requests. A message that comes again after that is handled again, so no dead
 *   letter may wait longer for its replay.
 * - `deleted`: what is left of what was deleted, or is over: a fence against messages that come late. Longer than `journal`.
 * - `audit`: what people did.
 */
export interface Keeping {
  readonly journal: number;
  readonly deleted: number;
  readonly audit: number;
}

/** What one owner removes from its own tables. */
export interface Cleaning {
  /** The table, with its schema. */
  readonly table: string;
  readonly keep: keyof Keeping;
  /** Removes at most `pieceRows` rows that are older than so many days; returns how many went. */
  readonly forget: (sql: Database, days: number) => Promise<number>;
}

/** Rows a statement removes at most: some milliseconds of work, and few enough to be no burden to autovacuum. */
export const pieceRows = 5_000;
