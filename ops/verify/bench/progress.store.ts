import type { Database } from '../../platform/database.ts';

/** How many orders clients see, and how many of them as completed. */
export async function orderProgress(
  sql: Database,
  resource: 'serviceOrder' | 'productOrder' = 'serviceOrder',
): Promise<{ accepted: number; completed: number }> {
  const [row] = await sql<{ accepted: number; completed: number }[]>`
    select count(*)::int as accepted, count(*) filter (where state = 'completed')::int as completed
    from gateway.view where resource = ${resource}`;
  return row ?? { accepted: 0, completed: 0 };
}

/** Messages since the beginning. */
export interface Traffic {
  /** One for each consumer that handled it. */
  readonly handled: number;
  readonly sent: number;
  /** Handled ones by consumer and type. */
  readonly byType: Readonly<Record<string, number>>;
}

/** Counts what was handled; `waiting` lies in the outbox. */
export async function countTraffic(sql: Database): Promise<Traffic & { readonly waiting: number }> {
  const rows = await sql<{ what: string; handled: number }[]>`
    select consumer || ' ' || coalesce(type, 'untyped') as what, count(*)::int as handled
    from platform.journal group by 1 order by 1`;
  const [row] = await sql<{ sent: number; waiting: number }[]>`
    select (select count(distinct message_id)::int from platform.inbox) as sent,
           (select count(*)::int from platform.message) as waiting`;
  return {
    handled: rows.reduce((sum, { handled }) => sum + handled, 0),
    sent: row?.sent ?? 0,
    waiting: row?.waiting ?? 0,
    byType: Object.fromEntries(rows.map(({ what, handled }) => [what, handled])),
  };
}
