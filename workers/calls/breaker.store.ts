import type { Database } from '../../ops/platform/database.ts';
import type { BreakerState } from './breaker.decide.ts';

/** The fleet's opinion of a platform. Ages in milliseconds, by the database's clock. */
export interface FleetBreaker {
  readonly platform: string;
  readonly state: BreakerState;
  readonly ageMs: number;
  readonly probes: number;
}

/** How long one process has to answer for a probe before another may. */
const probeLeaseSeconds = 10;
const longestProbePauseSeconds = 15;

export async function readBreakers(sql: Database, platforms: readonly string[]): Promise<FleetBreaker[]> {
  return sql<FleetBreaker[]>`
    select platform, state, probes, (extract(epoch from now() - changed_at) * 1000)::float8 as "ageMs"
    from platform.breaker where platform = any(${platforms as string[]})`;
}

/** Opens the breaker for the whole fleet; the first probe may be made in a second. Returns false when it was open. */
export async function tripBreaker(sql: Database, platform: string, reason: string): Promise<boolean> {
  const tripped = await sql`
    insert into platform.breaker as b (platform, state, probe_at, reason) values (${platform}, 'open', now() + interval '1 second', ${reason})
    on conflict (platform) do update set state = 'open', changed_at = now(), probe_at = excluded.probe_at, probes = 0, reason = excluded.reason
    where b.state <> 'open'`;
  return tripped.count > 0;
}

/** Leases the one probe of the fleet to the caller, if it is time. */
export async function leaseProbe(sql: Database, platform: string): Promise<boolean> {
  const leased = await sql`
    update platform.breaker set probe_at = now() + make_interval(secs => ${probeLeaseSeconds}), probes = probes + 1
    where platform = ${platform} and state = 'open' and probe_at <= now()`;
  return leased.count > 0;
}

/** The platform answered: let traffic in again, slowly. */
export async function startRamp(sql: Database, platform: string): Promise<void> {
  await sql`
    update platform.breaker set state = 'ramping', changed_at = now(), probe_at = null, probes = 0
    where platform = ${platform} and state = 'open'`;
}

/** It did not: the next probe comes after a longer pause. */
export async function postponeProbe(sql: Database, platform: string): Promise<void> {
  await sql`
    update platform.breaker set probe_at = now() + make_interval(secs => least(power(2, least(probes, 6)), ${longestProbePauseSeconds}))
    where platform = ${platform} and state = 'open'`;
}

export async function closeBreaker(sql: Database, platform: string): Promise<void> {
  await sql`update platform.breaker set state = 'closed', changed_at = now() where platform = ${platform} and state = 'ramping'`;
}
