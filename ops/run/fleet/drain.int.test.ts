import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../bootstrap/ports.ts';
import { cuttable } from '../../verify/testbed/cuttable.ts';
import { type Workbench, createWorkbench, soon } from '../../verify/testbed/workbench.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench?.close());

test.each(['database', 'broker'] as const)(
  'a process that is asked to end while its %s is silent ends in order',
  async (silent) => {
    const ways = { database: await cuttable(bench.databaseUrl, 5432), broker: await cuttable(bench.amqpUrl, 5672) };
    const port = await freePort();
    const role = spawn(process.execPath, [join(import.meta.dirname, 'process.ts'), 'order-management'], {
      env: {
        ...process.env,
        DATABASE_URL: ways.database.url,
        AMQP_URL: ways.broker.url,
        HEALTH_PORT: String(port),
        LOG_LEVEL: 'silent',
      },
      stdio: 'ignore',
    });
    const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok;
    await vi.waitUntil(() => isReady().catch(() => false), soon);
    const ended = once(role, 'exit');
    ways[silent].silence();
    // Long enough for each of its loops to wait for an answer. That a broker is silent takes a heartbeat to be known.
    if (silent === 'database') await vi.waitUntil(async () => !(await isReady()), soon);
    role.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await Promise.all([ways.database.close(), ways.broker.close()]);
  },
);
