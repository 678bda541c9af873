import type { Database } from '../platform/database.ts';

/** How many orders clients see, and how many of them as completed. */
export async function orderProgress(sql: Database): Promise<{ accepted: number; completed: number }> {
  const [row] = await sql<{ accepted: number; completed: number }[]>`
    select count(*)::int as accepted, count(*) filter (where state = 'completed')::int as completed
    from gateway.view where resource = 'serviceOrder'`;
  return row ?? { accepted: 0, completed: 0 };
}
