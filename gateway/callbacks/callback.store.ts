import type { Database } from '../../ops/platform/database.ts';
import type { Publication } from '../../ops/platform/messaging/envelope.ts';
import { insertMessage } from '../../ops/platform/messaging/message.store.ts';

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
    ${insertMessage(sql, message)}
    where abs(extract(epoch from now()) - ${signedAt}::bigint) <= ${withinSeconds}::int`;
  return kept.count > 0;
}
