import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { clean } from '../../run/fleet/janitor.ts';
import { roles } from '../../run/fleet/roles.ts';
import { loadSamples } from '../../samples/load.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { type Testbed, createTestbed } from '../testbed/testbed.ts';
import { soon } from '../testbed/workbench.ts';
import { fill, grown, small, tablesOf } from './filled.fixture.ts';

const root = join(import.meta.dirname, '../../..');
let testbed: Testbed;
let sql: Database;
let fleet: ChildProcess;
let base: string;
let metrics: string;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  testbed = await createTestbed();
  undo.push(() => testbed.close());
  sql = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'test' });
  undo.push(() => sql.end({ timeout: 1 }));
  await Promise.all([fill(sql, 50_000), assertTopology(testbed.amqpUrl, topology(await activatorTypes()))]);
  const dataDir = await mkdtemp(join(tmpdir(), 'growth-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const simulator = await startSimulator({ port: 0, dataDir });
  undo.push(() => simulator.close());
  const [port, health] = [await freePort(), await freePort()];
  [base, metrics] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${health}`];
  fleet = spawn(process.execPath, ['ops/run/fleet/process.ts', Object.keys(roles).join(',')], {
    cwd: root,
    stdio: 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: testbed.databaseUrl,
      AMQP_URL: testbed.amqpUrl,
      NETWORK_URL: simulator.url,
      PORT: String(port),
      HEALTH_PORT: String(health),
      COMMAND_WAIT_MS: '20000',
    },
  });
  undo.push(async () => {
    if (fleet.exitCode !== null) return;
    fleet.kill('SIGKILL');
    await once(fleet, 'exit');
  });
  await vi.waitUntil(async () => (await fetch(`${metrics}/health/ready`).catch(() => undefined))?.ok, soon);
  await loadSamples(testbed.databaseUrl);
}, 300_000);
afterAll(async () => {
  for (const end of undo.toReversed()) await end();
});

/** Sequential scans so far, by table that grows. A session's are counted when it has been idle for a second, or has ended. */
async function scans(): Promise<ReadonlyMap<string, number>> {
  const rows = await sql<{ name: string; scans: number }[]>`
    select schemaname || '.' || relname as name, seq_scan as scans from pg_stat_user_tables`;
  return new Map(rows.flatMap(({ name, scans: count }) => (grown.includes(name) ? [[name, count]] : [])));
}

const sample = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(root, 'ops/samples', `${name}.json`), 'utf8')) as Record<string, unknown>;
const send = (method: string, path: string, body?: unknown, type = 'application/json') =>
  fetch(`${base}/tmf-api/${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) }),
  });

async function ordered(path: string, body: Record<string, unknown>): Promise<string> {
  const answer = await send('POST', path, body);
  const { id } = (await answer.json()) as { id: string };
  await vi.waitUntil(
    async () => {
      const { state } = (await (await fetch(`${base}/tmf-api/${path}/${id}`)).json()) as { state: string };
      return ['completed', 'partial', 'failed', 'held', 'cancelled'].includes(state);
    },
    { timeout: 50_000, interval: 100 },
  );
  return id;
}

test('every table is filled here, or stays small', async () => {
  expect((await tablesOf(sql)).filter((name) => !grown.includes(name) && !(name in small))).toEqual([]);
});

// Whatever a process of the fleet asks is counted, with the plan it really had: a new query needs no line here. Which statement
// it was, auto_explain tells (`alter database … set session_preload_libraries = 'auto_explain'`).
test('no table that grows is read from end to end by what runs on a timer or in a batch', async () => {
  const before = await scans();
  const orders = 'productOrderingManagement/v4/productOrder';
  const [productOrder, serviceOrder] = await Promise.all([
    ordered(orders, await sample('home-bundle.product-order')),
    ordered('serviceOrdering/v4/serviceOrder', await sample('business-internet')),
  ]);
  const changed = await send(
    'PATCH',
    `${orders}/${productOrder}`,
    { description: 'mine' },
    'application/merge-patch+json',
  );
  expect(changed.status).toBe(200);
  expect((await send('DELETE', `serviceOrdering/v4/serviceOrder/${serviceOrder}`)).status).toBe(204);
  expect(await (await fetch(`${metrics}/metrics`)).text()).toContain('patchbay_outbox');
  const cleaning = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'test cleans' });
  await clean(cleaning, { journal: 30, deleted: 60, audit: 730 }, new AbortController().signal);
  await cleaning.end();
  const stopped = once(fleet, 'exit');
  fleet.kill('SIGTERM');
  await stopped;

  const after = await scans();
  expect([...after].filter(([table, count]) => count > (before.get(table) ?? 0))).toEqual([]);
}, 120_000);
