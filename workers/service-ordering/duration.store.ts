import type { Database, Transaction } from '../../ops/platform/database.ts';
import { type Durations, durationKey } from './order.state.ts';

/** How long one item took, from its start to its end. */
export interface Observation {
  readonly serviceType: string;
  readonly action: 'add' | 'modify' | 'delete' | 'noChange';
  readonly ms: number;
}

/** An observation counts for one in so many: recent weeks tell more than last year. */
const memory = 100;

/** What items typically took lately. A few rows: one for each service type and action. */
export async function readDurations(tx: Transaction): Promise<Durations> {
  const rows = await tx<{ serviceType: string; action: Observation['action']; typicalMs: number }[]>`
    select service_type as "serviceType", action, typical_ms as "typicalMs" from service_ordering.duration`;
  return new Map(rows.map(({ serviceType, action, typicalMs }) => [durationKey(serviceType, action), typicalMs]));
}

/** Adds what was observed to the moving averages. */
export async function addDurations(sql: Database, observed: readonly Observation[]): Promise<void> {
  if (observed.length === 0) return;
  await sql`
    insert into service_ordering.duration as d (service_type, action, samples, typical_ms)
    select service_type, action, count(*), avg(ms) from unnest(
      ${observed.map((one) => one.serviceType)}::text[],
      ${observed.map((one) => one.action)}::text[],
      ${observed.map((one) => one.ms)}::double precision[]
    ) as one (service_type, action, ms)
    group by service_type, action order by service_type, action
    on conflict (service_type, action) do update set
      samples = least(d.samples + excluded.samples, ${memory}),
      typical_ms = d.typical_ms + (excluded.typical_ms - d.typical_ms)
        * least(1.0, excluded.samples::double precision / least(d.samples + excluded.samples, ${memory})),
      updated_at = now()`;
}
