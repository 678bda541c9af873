import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';

/** What the gateway removes from its own tables. A key goes before the outcome and the inbox row that it rests on. */
export const commandCleaning: readonly Cleaning[] = [
  {
    table: 'gateway.idempotency',
    // A client that repeats a request under its key does so within minutes, or within days when a person has to look. A
    // request that is asked for again is safe as long as the inbox knows its command, and has its answer as long as there
    // is the outcome: both are younger than the key.
    keep: 'journal',
    async forget(sql, days) {
      const removed = await sql`
        delete from gateway.idempotency where ctid = any(array(
          select ctid from gateway.idempotency where created_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'gateway.pending_document',
    // A document becomes its client's when the command is answered, which a letter that is replayed still may be.
    keep: 'journal',
    async forget(sql, days) {
      const firstKept = firstIdSince(new Date(Date.now() - days * 86_400_000));
      const removed = await sql`
        delete from gateway.pending_document where command_id = any(array(
          select command_id from gateway.pending_document
          where command_id < ${firstKept}::uuid and created_at < now() - make_interval(days => ${days})
          order by command_id limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'gateway.outcome',
    // Nobody but the key's next request looks for an outcome after the minute in which it is waited for.
    keep: 'journal',
    async forget(sql, days) {
      const removed = await sql`
        delete from gateway.outcome where ctid = any(array(
          select ctid from gateway.outcome where created_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];

/** The smallest UUIDv7 of a moment. */
const firstIdSince = (moment: Date): string => {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};
