import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { callerOf, temporaryFolder } from './network.fixture.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function spawned(environment: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env: { ...process.env, LOG_LEVEL: 'info', ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

async function started(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const { child, output } = spawned({ PORT: '0', DATA_DIR: dataDir });
  const url = await vi.waitFor(
    () => {
      const found = /"url":"([^"]+)"/.exec(output())?.[1];
      if (found === undefined) throw new Error(`no url in: ${output()}`);
      return found;
    },
    { timeout: 10_000 },
  );
  return { child, url };
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill(signal);
  const [code] = await exit;
  return code;
}

test('whatever was answered survives kill -9: holdings, references, ledger, faults with their counts, late calls', async () => {
  const dataDir = temporaryFolder();
  const first = await started(dataDir);
  const before = callerOf(first.url);
  await before.faults(
    { id: 'one', manager: 'olt', operation: 'clear', kind: 'error', count: 2 },
    { id: 'later', manager: 'cpe', operation: 'register', kind: 'late-apply', params: { ms: 1500 }, count: 1 },
  );
  await before.call('/olt/reserve', 'r1', 's1', { port: 'p' });
  await before.call('/olt/clear', 'r2', 's1');
  await expect(before.call('/cpe/register', 'r3', 's1', { model: 'm' })).rejects.toThrow('fetch failed');
  const answered: string[] = [];
  const load = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = 0; ; n += 1) {
      const reference = `load-${lane}-${n}`;
      const reply = await before
        .call('/ipam/allocate', reference, `load-${lane}`, { prefixLength: 30 })
        .catch(() => undefined);
      if (reply?.status !== 200) return;
      answered.push(reference);
    }
  });
  await vi.waitFor(() => expect(answered.length).toBeGreaterThan(200), { timeout: 10_000 });
  await killed(first.child, 'SIGKILL');
  await Promise.all(load);

  const after = callerOf((await started(dataDir)).url);
  expect(await after.holdings('olt', 's1')).toEqual({ port: 'p' });
  for (const reference of answered)
    expect(await after.get(`/ipam/operations/${reference}`)).toMatchObject({ applied: true, times: 1 });
  expect(await after.rules()).toMatchObject([
    { id: 'one', fired: 1, exhausted: false },
    { id: 'later', fired: 1, exhausted: true },
  ]);
  const rows = await after.rows('?manager=ipam');
  expect(rows.length).toBeGreaterThanOrEqual(answered.length);
  const heard = new Set<string | null>(answered);
  for (const row of rows.filter((each) => !heard.has(each.reference)))
    expect(row).toMatchObject({ outcome: 'lost', unknown: true, fault: 'simulator-died' });
  await vi.waitFor(async () => expect(await after.holdings('cpe', 's1')).toMatchObject({ model: 'm' }), {
    timeout: 5000,
  });
  const allocations = await after.allocations('load-0');
  await after.call('/ipam/allocate', 'fresh', 'load-0', { prefixLength: 30 });
  const now = await after.allocations('load-0');
  expect(new Set(now.map((each) => each.prefix)).size).toBe(allocations.length + 1);
}, 30_000);

test('SIGTERM settles what was heard and exits 0', async () => {
  const dataDir = temporaryFolder();
  const first = await started(dataDir);
  await callerOf(first.url).call('/olt/reserve', 'r1', 's1');
  await callerOf(first.url).get('/olt/health');
  expect(await killed(first.child, 'SIGTERM')).toBe(0);

  const after = callerOf((await started(dataDir)).url);
  expect(await after.rows()).toMatchObject([{ outcome: 'answered', unknown: false }]);
  expect((await after.summary()).reads).toEqual([{ manager: 'olt', kind: 'health', n: 1 }]);
}, 20_000);

test('two simulators do not share a folder, and an incomplete environment is explained', async () => {
  const dataDir = temporaryFolder();
  await started(dataDir);
  const second = spawned({ PORT: '0', DATA_DIR: dataDir });
  expect((await once(second.child, 'exit'))[0]).toBe(1);
  expect(second.output()).toMatch(/in use by another simulator/);

  const lacking = spawned({ PORT: 'many', DATA_DIR: '' });
  expect((await once(lacking.child, 'exit'))[0]).toBe(2);
  expect(lacking.output()).toMatch(/PORT[\s\S]*DATA_DIR/);
}, 20_000);
