import type { Database } from '../../platform/database.ts';

/** What a table takes on disk, in bytes, and how its rows were written. */
export interface TableSize {
  /** `schema.table` */
  readonly table: string;
  readonly heap: number;
  readonly indexes: number;
  /** Values that are kept out of their rows. */
  readonly toast: number;
  readonly rows: number;
  readonly dead: number;
  readonly updates: number;
  /** Updates that touched no index. */
  readonly hot: number;
}

/** The tables of every schema of ours. Counts of rows are the statistics collector's. */
export async function tableSizes(sql: Database): Promise<TableSize[]> {
  return await sql<TableSize[]>`
    select schemaname || '.' || relname as table,
           pg_relation_size(relid)::float8 as heap,
           pg_indexes_size(relid)::float8 as indexes,
           (pg_total_relation_size(relid) - pg_relation_size(relid) - pg_indexes_size(relid))::float8 as toast,
           n_live_tup::float8 as rows, n_dead_tup::float8 as dead, n_tup_upd::float8 as updates, n_tup_hot_upd::float8 as hot
    from pg_stat_user_tables order by 1`;
}

/** Bytes of each index, as `schema.index`. */
export async function indexSizes(sql: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await sql<{ index: string; bytes: number }[]>`
    select schemaname || '.' || indexrelname as index, pg_relation_size(indexrelid)::float8 as bytes
    from pg_stat_user_indexes order by 1`;
  return new Map(rows.map(({ index, bytes }) => [index, bytes]));
}

/** How far the write-ahead log has come, in bytes. */
export async function walWritten(sql: Database): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`;
  return row?.bytes ?? 0;
}

/** Write-ahead log by relation: bytes of changes, and of whole pages that the first change after a checkpoint writes. */
export interface WalOfTable {
  readonly table: string;
  readonly changes: number;
  readonly pages: number;
}

/**
 * What was logged between two places, by table (its indexes and what is kept out of its rows with it). Record headers and
 * commits belong to no table. Undefined where the extension pg_walinspect is not installed or not allowed.
 *
 * @param from bytes, as {@link walWritten} gives them
 */
export async function walByTable(sql: Database, from: number, to: number): Promise<WalOfTable[] | undefined> {
  try {
    await sql`create extension if not exists pg_walinspect`;
  } catch {
    return undefined;
  }
  return await sql<WalOfTable[]>`
    with logged as (
      select pg_filenode_relation(reltablespace, relfilenode) as relation,
             sum(block_data_length) as changes, sum(block_fpi_length) as pages
      from pg_get_wal_block_info('0/0'::pg_lsn + ${from}::numeric, '0/0'::pg_lsn + ${to}::numeric)
      where reldatabase = (select oid from pg_database where datname = current_database())
      group by 1
    )
    select coalesce(owner.oid::regclass::text, toasted.oid::regclass::text, 'other') as table,
           sum(changes)::float8 as changes, sum(pages)::float8 as pages
    from logged
    left join pg_index i on i.indexrelid = logged.relation
    left join pg_class toasted on toasted.reltoastrelid = coalesce(i.indrelid, logged.relation)
    left join pg_class owner on owner.oid = coalesce(i.indrelid, logged.relation) and owner.relnamespace <> 'pg_toast'::regnamespace
    group by 1 order by 2 desc`;
}
