import { expect, test } from 'vitest';
import { aNetwork } from './network.fixture.ts';

test('out-of-band edits set, remove and create holdings, and leave no trace in the ledger', async () => {
  const net = aNetwork();
  const edit = (body: unknown) => net.ask('POST', '/_control/edit', body);
  await edit({ manager: 'olt', serviceRef: 's1', set: { port: 'p', downMbps: 5, vlan: 9 } });
  expect(await net.holdings('olt', 's1')).toEqual({ port: 'p', downMbps: 5, vlan: 9 });
  await edit({ manager: 'olt', serviceRef: 's1', set: { downMbps: 6 }, remove: ['vlan'] });
  expect(await net.holdings('olt', 's1')).toEqual({ port: 'p', downMbps: 6 });
  expect((await net.call('/olt/reserve', 'r1', 's2', { port: 'p' })).body.error.code).toBe('port-taken');
  await edit({ manager: 'olt', serviceRef: 's1', remove: true });
  expect(await net.totalHeld()).toBe(0);
  expect((await net.call('/olt/reserve', 'r1', 's2', { port: 'p' })).status).toBe(200);
  expect((await net.rows()).length).toBe(2);
});

test('an edit that the manager could not hold is refused', async () => {
  const net = aNetwork();
  const edit = async (body: unknown) => (await net.ask('POST', '/_control/edit', body)).status;
  expect(await edit({ manager: 'olt', serviceRef: 's1', set: { downMbs: 5 } })).toBe(422);
  expect(await edit({ manager: 'nowhere', serviceRef: 's1', set: {} })).toBe(422);
  expect(await edit({ manager: 'olt' })).toBe(400);
});

test('reset forgets everything', async () => {
  const net = aNetwork();
  await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 });
  await net.faults({ manager: '*', operation: '*', kind: 'error' });
  await net.ask('POST', '/_control/reset');
  expect((await net.overview()).status).toEqual({
    services: {},
    calls: 0,
    pendingLate: 0,
    openDeliveries: 0,
    faults: 0,
  });
  const again = await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 });
  expect(again.body.result.allocationId).toBe('alloc-1');
});

test('faults are listed, added, replaced, put and removed', async () => {
  const net = aNetwork();
  const list = async () => (await net.rules()).map((rule) => [rule.id, rule.kind]);
  const rule = { manager: 'olt', operation: '*', kind: 'reset' };
  await net.ask('POST', '/_control/faults', { ...rule, id: 'mine' });
  await net.ask('POST', '/_control/faults', [{ ...rule }, { ...rule, kind: 'hang' }]);
  expect((await list()).map(([, kind]) => kind)).toEqual(['reset', 'reset', 'hang']);
  await net.ask('POST', '/_control/faults', { ...rule, id: 'mine', kind: 'throttle' });
  expect(await list()).toContainEqual(['mine', 'throttle']);
  expect((await net.ask('DELETE', '/_control/faults/mine')).status).toBe(204);
  expect((await net.ask('DELETE', '/_control/faults/mine')).status).toBe(404);
  await net.ask('PUT', '/_control/faults', { rules: [{ ...rule, id: 'only' }] });
  expect(await list()).toEqual([['only', 'reset']]);
  await net.ask('DELETE', '/_control/faults');
  expect(await list()).toEqual([]);
});

test('a fault that could never strike is refused, so that a misspelling does not pass for a test', async () => {
  const net = aNetwork();
  const post = async (rule: unknown) => (await net.ask('POST', '/_control/faults', rule)).status;
  expect(await post({ manager: 'otl', operation: '*', kind: 'reset' })).toBe(422);
  expect(await post({ manager: 'olt', operation: 'allocate', kind: 'reset' })).toBe(422);
  expect(await post({ manager: 'olt', operation: 'health', kind: 'lost-answer' })).toBe(422);
  expect(await post({ manager: 'olt', operation: '*', kind: 'explode' })).toBe(400);
  expect(await post({ manager: 'olt', operation: '*', kind: 'reset', params: { ms: 1 } })).toBe(400);
});

test('the overview names managers, operations and faults; the page shows them and escapes what callers wrote', async () => {
  const net = aNetwork();
  const overview = await net.overview();
  expect(overview.managers.map((manager) => manager.name)).toEqual(['olt', 'ipam', 'cpe', 'metro', 'partner']);
  expect(Object.keys(overview.faults.kinds)).toHaveLength(10);
  await net.call('/olt/reserve', '<script>alert(1)</script>', 's1');
  const { text } = await net.ask('GET', '/');
  expect(text).toContain('Access node manager');
  expect(text).toContain('&lt;script&gt;');
  expect(text).not.toContain('<script>');
  expect((await net.ask('GET', '/health')).status).toBe(200);
});
