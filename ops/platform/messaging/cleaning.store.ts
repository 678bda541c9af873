import { type Cleaning, pieceRows } from '../cleaning.ts';

/** What the messaging engine removes from its own tables. */
export const messagingCleaning: readonly Cleaning[] = [
  {
    table: 'platform.inbox',
    // Longer than any dead letter may wait for its replay; the journal of an order can be read as long.
    keep: 'journal',
    async forget(sql, days) {
      const removed = await sql`
        delete from platform.inbox where ctid = any(array(
          select ctid from platform.inbox where received_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'platform.crash',
    // A message that has not come again after so long was lost with its queue. One row per message that crashed a worker.
    keep: 'journal',
    async forget(sql, days) {
      const removed = await sql`
        delete from platform.crash where ctid = any(array(
          select ctid from platform.crash where last_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'platform.letter',
    // A dead letter that nobody has replayed or discarded stays.
    keep: 'journal',
    async forget(sql, days) {
      const removed = await sql`
        delete from platform.letter where ctid = any(array(
          select ctid from platform.letter where ended_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'platform.audit',
    keep: 'audit',
    async forget(sql, days) {
      const removed = await sql`
        delete from platform.audit where id = any(array(
          select id from platform.audit where at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];
