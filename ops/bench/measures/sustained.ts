import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { orderProgress } from '../progress.store.ts';
import { everyRole, startSystem } from '../system.ts';
import { acceptLoad, warmUp } from './accept.ts';
import type { Figure, Measure } from './measure.ts';

/** What is left when clients pause is worked off within this, or the rate until then counts. */
const DRAIN_FOR_MS = 30_000;

/** What accepting and fulfilling do to each other on one machine: clients that never pause, then the workers alone. */
export const sustained: Measure = {
  name: 'sustained',
  async run({ services, quick }): Promise<Figure[]> {
    const system = await startSystem(services, everyRole);
    const sql = connectDatabase(system.databaseUrl, { connections: 1, role: 'bench' });
    try {
      await warmUp(system.gateway);
      const busy = await completing(sql, () =>
        acceptLoad(system.gateway, { warmupSeconds: 0, seconds: quick ? 4 : 10 }),
      );
      const backlog = await orderProgress(sql);
      const drained = await completing(sql, () => drain(sql));
      const left = `${backlog.accepted - backlog.completed} of ${backlog.accepted} orders were left`;
      return [
        {
          name: 'accepting, fleet running',
          value: busy.result.rate,
          unit: 'orders/s',
          detail: `meanwhile ${busy.rate.toFixed(0)} completed/s; ${left}, completed at ${drained.rate.toFixed(0)}/s`,
        },
      ];
    } finally {
      await sql.end({ timeout: 1 });
      await system.stop();
    }
  },
};

/** Orders completed per second while `work` runs. */
async function completing<Result>(
  sql: Database,
  work: () => Promise<Result>,
): Promise<{ result: Result; rate: number }> {
  const [{ completed }, began] = [await orderProgress(sql), performance.now()];
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  return { result, rate: ((await orderProgress(sql)).completed - completed) / seconds };
}

async function drain(sql: Database): Promise<void> {
  const giveUpAt = performance.now() + DRAIN_FOR_MS;
  for (;;) {
    const { accepted, completed } = await orderProgress(sql);
    if (completed >= accepted || performance.now() > giveUpAt) return;
    await sleep(250);
  }
}
