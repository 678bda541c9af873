import type { Database } from './database.ts';

/** What one owner removes from its own tables, and how long it keeps it. */
export interface Cleaning {
  /** The table, with its schema. */
  readonly table: string;
  readonly keepDays: number;
  /** Removes at most `pieceRows` rows that are older than that; returns how many went. */
  readonly forget: (sql: Database, keepDays: number) => Promise<number>;
}

/** Rows a statement removes at most: some milliseconds of work, and few enough to be no burden to autovacuum. */
export const pieceRows = 5_000;
