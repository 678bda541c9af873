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

test('a process that is asked to end while its database is silent ends in order', async () => {
  const way = await cuttable(bench.databaseUrl, 5432);
  const port = await freePort();
  const role = spawn(process.execPath, [join(import.meta.dirname, 'process.ts'), 'order-management'], {
    env: {
      ...process.env,
      DATABASE_URL: way.url,
      AMQP_URL: bench.amqpUrl,
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'silent',
    },
    stdio: 'ignore',
  });
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok;
  await vi.waitUntil(() => isReady().catch(() => false), soon);
  const ended = once(role, 'exit');
  way.silence();
  // Long enough for each of its loops to wait for an answer.
  await vi.waitUntil(async () => !(await isReady()), soon);
  role.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await way.close();
});
