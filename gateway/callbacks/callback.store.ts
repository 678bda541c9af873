import type { Database } from '../../ops/platform/database.ts';
import type { Publication } from '../../ops/platform/messaging/envelope.ts';

/**
 * Keeps what an outside system said, to be published; if it was signed within so many seconds of now. The database's
 * clock rules, so that a gateway whose own is wrong neither refuses everybody nor takes what is old.
 *
 * @returns whether it was kept
 */
export async function keepAnswer(
  sql: Database,
  message: Publication,
  { signedAt, withinSeconds }: { signedAt: number; withinSeconds: number },
): Promise<boolean> {
  const kept = await sql`
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body)
    select ${message.row}::uuid, ${message.id}::uuid, ${message.exchange}, ${message.routingKey}, ${message.type},
           ${JSON.stringify(message.envelope)}::text::jsonb, ${message.body}
    where abs(extract(epoch from now()) - ${signedAt}::bigint) <= ${withinSeconds}::int`;
  return kept.count > 0;
}
