import { expect, test, vi } from 'vitest';
import { aSimulator, temporaryFolder } from './network.fixture.ts';
import { startSimulator } from './simulator.ts';

const fault = (kind: string, params: Record<string, unknown> = {}, manager = 'olt') => ({
  manager,
  operation: 'calls',
  kind,
  params,
  count: 1,
});

const cut = /fetch failed|ECONNRESET|other side closed|terminated/;

test('reset cuts the connection and does nothing', async () => {
  const net = await aSimulator();
  await net.faults(fault('reset'));
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(cut);
  expect(await net.holdings('olt', 's1')).toEqual({});
  expect(await net.rows()).toMatchObject([
    { effect: false, outcome: 'reset', status: null, unknown: true, fault: 'reset' },
  ]);
});

test('lost-answer does the work and cuts the connection; the repetition is answered without effect', async () => {
  const net = await aSimulator();
  await net.faults(fault('lost-answer'));
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(cut);
  expect(await net.get('/olt/operations/r1')).toMatchObject({ applied: true, times: 1, result: { port: '1/1/1' } });
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(200);
  expect((await net.summary()).references).toMatchObject([{ calls: 2, effects: 1, unknowns: 1, excess: 0 }]);
});

test('after a lost answer the manager that is not idempotent does it twice', async () => {
  const net = await aSimulator();
  await net.faults(fault('lost-answer', {}, 'ipam'));
  await expect(net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 })).rejects.toThrow(cut);
  await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 });
  expect((await net.summary()).references).toMatchObject([{ calls: 2, effects: 2, unknowns: 1 }]);
});

test('a partial call that ends in an error is done whole by its repetition, and read back as not done until then', async () => {
  const net = await aSimulator();
  await net.faults(fault('partial', { answer: 'error' }), fault('partial', { answer: 'none' }));
  expect((await net.call('/olt/reserve', 'r1', 's1', { technology: 'gpon' })).status).toBe(503);
  expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1' });
  expect((await net.ask('GET', '/olt/operations/r1')).status).toBe(404);
  await expect(net.call('/olt/reserve', 'r1', 's1', { technology: 'gpon' })).rejects.toThrow(cut);
  expect((await net.call('/olt/reserve', 'r1', 's1', { technology: 'gpon' })).status).toBe(200);
  expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1', technology: 'gpon' });
  expect((await net.summary()).references).toMatchObject([{ calls: 3, effects: 1, unknowns: 2, excess: 0 }]);
});

test('the manager that is not idempotent takes note of a partial call, so that a read-back finds it', async () => {
  const net = await aSimulator();
  await net.faults(fault('partial', { answer: 'error' }, 'ipam'));
  expect((await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 })).status).toBe(503);
  expect(await net.get('/ipam/operations/r1')).toMatchObject({ applied: true, times: 1 });
  expect(await net.allocations('s1')).toMatchObject([{ label: 'r1' }]);
});

test('hang never answers and does nothing; the caller gives up', async () => {
  const net = await aSimulator(200);
  await net.faults(fault('hang'));
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(/timeout/);
  expect(await net.holdings('olt', 's1')).toEqual({});
  expect(await net.rows()).toMatchObject([{ effect: false, outcome: 'hang', unknown: true }]);
});

test('a hang is bounded: then the connection is cut', async () => {
  const net = await aSimulator();
  await net.faults(fault('hang', { ms: 80 }));
  const start = performance.now();
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(cut);
  expect(performance.now() - start).toBeGreaterThanOrEqual(75);
});

test('late-apply cuts the connection now and does the work afterwards', async () => {
  const net = await aSimulator();
  await net.faults(fault('late-apply', { ms: 120 }));
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(cut);
  expect(await net.rows()).toMatchObject([{ effect: false, effects: 0, outcome: 'late', unknown: true }]);
  expect((await net.ask('GET', '/olt/operations/r1')).status).toBe(404);
  expect((await net.overview()).status.pendingLate).toBe(1);
  await vi.waitFor(async () => expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1' }));
  expect(await net.rows()).toMatchObject([{ effect: true, effects: 1, outcome: 'late', unknown: true }]);
  expect((await net.overview()).status.pendingLate).toBe(0);
});

test('what comes late after a repetition is a second effect only where the manager is not idempotent', async () => {
  const net = await aSimulator();
  await net.faults(fault('late-apply', { ms: 60 }, 'olt'), fault('late-apply', { ms: 60 }, 'ipam'));
  const reserve = () => net.call('/olt/reserve', 'r1', 's1');
  const allocate = () => net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 });
  await expect(reserve()).rejects.toThrow(cut);
  await expect(allocate()).rejects.toThrow(cut);
  await reserve();
  await allocate();
  await vi.waitFor(async () => expect((await net.overview()).status.pendingLate).toBe(0));
  expect((await net.summary()).references).toMatchObject([
    { manager: 'olt', calls: 2, effects: 1, unknowns: 1 },
    { manager: 'ipam', calls: 2, effects: 2, unknowns: 1 },
  ]);
});

test('a caller that gives up during latency counts as not having heard', async () => {
  const net = await aSimulator(100);
  await net.faults(fault('latency', { ms: 200 }));
  await expect(net.call('/olt/reserve', 'r1', 's1')).rejects.toThrow(/timeout/);
  await vi.waitFor(async () =>
    expect(await net.rows()).toMatchObject([
      { effect: true, outcome: 'lost', status: null, unknown: true, fault: 'latency' },
    ]),
  );
});

test('health hangs when it is told to', async () => {
  const net = await aSimulator(100);
  await net.faults({ manager: 'olt', operation: 'health', kind: 'hang' });
  await expect(net.ask('GET', '/olt/health')).rejects.toThrow(/timeout/);
  expect((await net.ask('GET', '/ipam/health')).status).toBe(200);
});

test('a reference with slashes and spaces is read back', async () => {
  const net = await aSimulator();
  const reference = 'order 1/item 2:reserve:apply:1';
  await net.call('/olt/reserve', reference, 's1');
  expect(await net.get(`/olt/operations/${encodeURIComponent(reference)}`)).toMatchObject({ reference });
});

test('close cuts hanging calls and returns soon', async () => {
  const simulator = await startSimulator({ port: 0, dataDir: temporaryFolder() });
  await fetch(`${simulator.url}/_control/faults`, { method: 'PUT', body: JSON.stringify([fault('hang')]) });
  const body = JSON.stringify({ reference: 'r1', serviceRef: 's1', parameters: {} });
  const hanging = fetch(`${simulator.url}/olt/reserve`, { method: 'POST', body }).then(
    () => 'answered',
    (error: unknown) => String(error),
  );
  await vi.waitFor(async () => {
    const response = await fetch(`${simulator.url}/_control/ledger`);
    expect(((await response.json()) as { rows: unknown[] }).rows).toHaveLength(1);
  });
  const start = performance.now();
  await simulator.close();
  expect(await hanging).toMatch(cut);
  expect(performance.now() - start).toBeLessThan(2000);
});
