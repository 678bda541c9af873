import type { Cleaning } from '../cleaning.ts';
import { removeOlder } from '../cleaning.store.ts';

/** What the messaging engine removes from its own tables. */
export const messagingCleaning: readonly Cleaning[] = [
  // Longer than any dead letter may wait for its replay; the journal of an order can be read as long.
  removeOlder({ table: 'platform.inbox', keep: 'journal', by: 'received_at' }),
  // One row per message that crashed a worker, forgotten when the message ends.
  removeOlder({ table: 'platform.crash', keep: 'journal', by: 'last_at' }),
  // A dead letter that nobody has replayed or discarded has not ended, and stays.
  removeOlder({ table: 'platform.letter', keep: 'journal', by: 'ended_at' }),
  removeOlder({ table: 'platform.audit', keep: 'audit', by: 'at' }),
];
