import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';
import { removeOlder } from '../../ops/platform/cleaning.store.ts';

/** What the gateway removes from its own tables. A key goes before the outcome and the inbox row that it rests on. */
export const commandCleaning: readonly Cleaning[] = [
  // A client that repeats a request under its key does so within minutes, or within days when a person has to look. Its
  // outcome is younger than the key.
  removeOlder({ table: 'gateway.idempotency', keep: 'journal', by: 'created_at' }),
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
  // Nobody but the key's next request looks for an outcome after the minute in which it is waited for.
  removeOlder({ table: 'gateway.outcome', keep: 'journal', by: 'created_at' }),
];

/** The smallest UUIDv7 of a moment. */
const firstIdSince = (moment: Date): string => {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};
