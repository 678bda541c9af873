import type { Database } from '../../ops/platform/database.ts';
import type { Publication } from '../../ops/platform/messaging/envelope.ts';
import type { AwaitedCommand } from './submit.store.ts';

/**
 * Whether what a key stands for should have been answered by now, and is not although its command has left. As patient as
 * with creates: an owner answers within milliseconds, and one that is behind is not helped by repetitions.
 */
export async function isOverdue(sql: Database, scope: string): Promise<boolean> {
  const overdue = await sql`
    select from gateway.idempotency k
    where scope = ${scope} and created_at < now() - interval '30 seconds'
      and not exists (select from gateway.outcome o where o.command_id = k.command_id)
      and not exists (select from platform.outbox b where b.id = k.command_id)`;
  return overdue.count > 0;
}

/** Whether a command's owner has dead-lettered it: it waits for a person, and sent again under its id it is known. */
export async function wasGivenUp(sql: Database, { id, routingKey }: Publication): Promise<boolean> {
  const [last] = await sql<{ outcome: string | null }[]>`
    select outcome from platform.inbox
    where consumer = ${routingKey} and message_id = ${id}::uuid order by attempt desc limit 1`;
  return last !== undefined && ['parked', 'deadLettered', 'unreadable'].includes(last.outcome ?? 'done');
}

/**
 * Writes a command under the id, and into the row, that it had before.
 *
 * @returns false when it is there: somebody else sends it
 */
export async function sendAgain(
  sql: Database,
  { resource, id, message, document }: Omit<AwaitedCommand, 'key'>,
): Promise<boolean> {
  const written = await sql`
    with pending as (
      insert into gateway.pending_document (command_id, resource, id, document)
      select ${message.id}::uuid, ${resource.name}, ${id}, ${JSON.stringify(document ?? null)}::text::jsonb
      where ${document !== undefined}
      on conflict (command_id) do update set document = excluded.document
    )
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body)
    select ${message.row}::uuid, ${message.id}::uuid, ${message.exchange}, ${message.routingKey}, ${message.type},
           ${JSON.stringify(message.envelope)}::text::json, ${message.body}
    on conflict (id) do nothing`;
  return written.count > 0;
}
