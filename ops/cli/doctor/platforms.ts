import postgres from 'postgres';
import { findingsOf, type Finding } from './finding.ts';

const { fine, wrong } = findingsOf('platforms');

/** Which network platforms the fleet holds off, since when and why. A database that does not answer is another finding's. */
export async function checkPlatforms(databaseUrl: string): Promise<Finding[]> {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const breakers = await sql<
      { platform: string; state: string; seconds: number; reason: string | null; probes: number }[]
    >`
      select platform, state, reason, probes, extract(epoch from now() - changed_at)::int as seconds
      from platform.breaker where state <> 'closed' order by platform`;
    if (breakers.length === 0) return [fine('breakers', 'none open')];
    return breakers.map(({ platform, state, seconds, reason, probes }) =>
      state === 'ramping'
        ? fine(platform, `answers again; traffic comes back since ${seconds} s`)
        : wrong(
            platform,
            `held off for ${seconds} s${reason === null ? '' : `: ${reason}`}; ${probes} probes unanswered`,
            'see why the platform does not answer; its orders wait and go on by themselves once it does',
          ),
    );
  } catch {
    return [];
  } finally {
    await sql.end({ timeout: 2 });
  }
}
