import { afterEach, expect, test } from 'vitest';
import { type HealthServer, startHealthServer } from './health.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

async function ask(
  path: string,
  over: Partial<Parameters<typeof startHealthServer>[0]> = {},
): Promise<[number, string]> {
  server = await startHealthServer({
    ...{ port: 0, host: '127.0.0.1', database: async () => 1, troubles: () => [] },
    metrics: async () => 'patchbay_role_ready 1\n',
    ...over,
  });
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { connection: 'close' } });
  return [answer.status, await answer.text()];
}

test('metrics are served as Prometheus reads them', async () => {
  expect(await ask('/metrics')).toEqual([200, 'patchbay_role_ready 1\n']);
});

test('metrics that cannot be made are an error, not an end of the process', async () => {
  const metrics = () => Promise.reject(new Error('no registry'));
  expect(await ask('/metrics', { metrics })).toEqual([500, expect.stringContaining('no registry')]);
});

test('a process with troubles is alive, and not ready', async () => {
  const troubles = () => ['not consuming service-ordering'];
  expect(await ask('/health/ready', { troubles })).toEqual([503, expect.stringContaining('not consuming')]);
  await server?.close();
  expect((await ask('/health/live', { troubles }))[0]).toBe(200);
});

test('a process whose database does not answer, or cannot be used, is not ready and says so', async () => {
  const draining = { troubles: () => ['draining'] };
  const silent = await ask('/health/ready', { ...draining, database: () => new Promise(() => undefined) });
  expect(silent).toEqual([503, expect.stringMatching(/the database does not answer.*draining/)]);
  await server?.close();
  const refused = await ask('/health/ready', { database: () => Promise.reject(new Error('no such role')) });
  expect(refused).toEqual([503, expect.stringContaining('the database cannot be used: no such role')]);
});
