import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, connectDatabase } from '../../../platform/database.ts';
import { orderProgress } from '../progress.store.ts';
import { everyRole, startSystem } from '../system.ts';
import { acceptLoad, warmUp } from './accept.ts';
import type { Figure, Measure } from './measure.ts';

/** Work goes breadth first: of thousands of orders that came at once, none is done before nearly all have begun. So few enough come that all are done in time. */
const ACCEPT_SECONDS = 4;
const DONE_WITHIN_MS = 120_000;

/** What accepting and fulfilling do to each other on one machine: clients that never pause, then the workers alone. */
export const sustained: Measure = {
  name: 'sustained',
  async run({ services, quick }): Promise<Figure[]> {
    const system = await startSystem(services, everyRole);
    const sql = connectDatabase(system.databaseUrl, { connections: 1, role: 'bench' });
    try {
      await warmUp(system.gateway);
      await allDone(sql);
      const before = await orderProgress(sql);
      const began = performance.now();
      const { rate } = await acceptLoad(system.gateway, { warmupSeconds: 0, seconds: quick ? 2 : ACCEPT_SECONDS });
      const busy = await orderProgress(sql);
      await allDone(sql);
      const seconds = (performance.now() - began) / 1000;
      const after = await orderProgress(sql);
      const [came, done] = [after.accepted - before.accepted, after.completed - before.completed];
      return [
        {
          name: 'accepting, fleet running',
          value: rate,
          unit: 'orders/s',
          detail: `${came} orders, ${busy.completed - before.completed} completed meanwhile; ${done} after ${seconds.toFixed(0)} s: ${(done / seconds).toFixed(0)} completed/s`,
        },
      ];
    } finally {
      await sql.end({ timeout: 1 });
      await system.stop();
    }
  },
};

async function allDone(sql: Database): Promise<void> {
  const giveUpAt = performance.now() + DONE_WITHIN_MS;
  for (;;) {
    const { accepted, completed } = await orderProgress(sql);
    if (completed >= accepted || performance.now() > giveUpAt) return;
    await sleep(250);
  }
}
