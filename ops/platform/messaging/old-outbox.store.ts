import type { Database, Queryable } from '../database.ts';
import { transaction } from '../database.ts';
import type { Envelope, Publication } from './envelope.ts';
import { insertDue } from './message.store.ts';
import type { Statement } from './pipelined.ts';

interface OutboxRow {
  id: string;
  message_id: string;
  exchange: string;
  routing_key: string;
  type: string;
  headers: Envelope;
  body: string;
}

/**
 * Moves what the release before left in its outbox, and what its processes beside ours still write there, to where messages
 * are kept now, once its time has come. Published twice at worst: the inboxes know it.
 *
 * @returns how many were moved
 */
export function moveOldOutbox(sql: Database, limit: number): Promise<number> {
  return transaction(sql, async (tx) => {
    const rows = await tx<OutboxRow[]>`
      delete from platform.outbox where id = any(array(
        select id from platform.outbox where available_at <= now()
        order by available_at limit ${limit} for update skip locked))
      returning id, message_id, exchange, routing_key, type, headers, body`;
    const publications = rows.map((row): Publication => ({
      id: row.message_id,
      exchange: row.exchange,
      routingKey: row.routing_key,
      type: row.type,
      // Read when it is published, where one that cannot be read stops nobody.
      envelope: row.headers,
      body: row.body,
    }));
    await insertDue(tx, publications);
    return rows.length;
  });
}

/** Ends rows that a process of the release before keeps until their consumer has seen them. */
export const seenDeletion = (sql: Queryable, messageIds: readonly string[]): Statement =>
  sql`delete from platform.outbox where id = any(${messageIds as string[]}::uuid[]) and patience_s is not null`;
