import { type Cleaning, type Keeping, pieceRows } from './cleaning.ts';

interface Aging {
  /** With its schema. */
  readonly table: string;
  readonly keep: keyof Keeping;
  /** The column that says how old a row is. */
  readonly by: string;
  /** True where only rows that are marked as deleted go. */
  readonly deletedOnly?: boolean;
}

/** Removes rows that are older than they are kept for. */
export const removeOlder = ({ table, keep, by, deletedOnly = false }: Aging): Cleaning => ({
  table,
  keep,
  async forget(sql, days) {
    const removed = await sql`
      delete from ${sql(table)} where ctid = any(array(
        select ctid from ${sql(table)}
        where ${sql(by)} < now() - make_interval(days => ${days}) ${deletedOnly ? sql`and deleted` : sql``}
        limit ${pieceRows}))`;
    return removed.count;
  },
});

/** Removes what was deleted. Until then it is a fence against messages about it that come late. */
export const removeDeleted = (table: string): Cleaning =>
  removeOlder({ table, keep: 'deleted', by: 'updated_at', deletedOnly: true });
