import { expect, test } from 'vitest';
import { aNetwork } from './network.fixture.ts';

const fault = (kind: string, params: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  manager: 'olt',
  operation: 'calls',
  kind,
  params,
  ...more,
});

test('error answers 5xx and does nothing', async () => {
  const net = aNetwork();
  await net.faults(fault('error', { status: 502 }));
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(502);
  expect(await net.holdings('olt', 's1')).toEqual({});
  expect(await net.rows()).toMatchObject([
    { effect: false, effects: 0, outcome: 'error', unknown: true, fault: 'error' },
  ]);
});

test('error may strike after the work is done', async () => {
  const net = aNetwork();
  await net.faults(fault('error', { applied: true }));
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(503);
  expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1' });
  expect(await net.rows()).toMatchObject([{ effect: true, effects: 1, outcome: 'error', unknown: true }]);
});

test('throttle answers 429 with Retry-After', async () => {
  const net = aNetwork();
  await net.faults(fault('throttle', { retryAfterSeconds: 7 }));
  const reply = await net.call('/olt/reserve', 'r1', 's1');
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7']);
  expect((await net.summary()).references).toMatchObject([
    { calls: 1, effects: 0, unknowns: 0, refusals: 1, excess: 0 },
  ]);
});

test('refuse answers the business refusal it was given', async () => {
  const net = aNetwork();
  await net.faults(fault('refuse', { code: 'no-fibre', reason: 'not in this street' }));
  const reply = await net.call('/olt/reserve', 'r1', 's1');
  expect([reply.status, reply.body.error]).toEqual([409, { code: 'no-fibre', reason: 'not in this street' }]);
  expect(await net.rows()).toMatchObject([{ outcome: 'refused', code: 'no-fibre', unknown: false }]);
});

test('partial answers success and leaves part of it out', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1');
  await net.faults(fault('partial'));
  const reply = await net.call('/olt/configure', 'r2', 's1', { downMbps: 100, upMbps: 20, vlan: 7 });
  expect(reply.body.result).toMatchObject({ downMbps: 100, upMbps: 20, vlan: 7 });
  expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1', downMbps: 100 });
  expect(await net.rows('?operation=configure')).toMatchObject([
    { effect: true, outcome: 'answered', unknown: false, fault: 'partial' },
  ]);
});

test.each([
  ['olt', 'reserve', { technology: 'gpon' }],
  ['olt', 'configure', { downMbps: 10, upMbps: 5, vlan: 3 }],
  ['olt', 'clear', {}],
  ['olt', 'release', {}],
  ['ipam', 'allocate', { prefixLength: 29 }],
  ['ipam', 'resize', { prefixLength: 28 }],
  ['ipam', 'update', { reverseDns: 'other.example' }],
  ['ipam', 'release', {}],
  ['cpe', 'register', { model: 'other' }],
  ['cpe', 'configure', { template: 'other', features: ['voice'] }],
  ['cpe', 'deconfigure', {}],
  ['cpe', 'deregister', {}],
])('a partial %s %s leaves the network other than a whole one does', async (manager, operation, parameters) => {
  const outcome = async (faults: Record<string, unknown>[]) => {
    const net = aNetwork();
    await net.call('/olt/reserve', 'o1', 's1');
    await net.call('/olt/configure', 'o2', 's1', { downMbps: 100, upMbps: 20, vlan: 7 });
    await net.call('/ipam/allocate', 'i1', 's1', { prefixLength: 30, reverseDns: 'host.example' });
    await net.call('/cpe/register', 'c1', 's1', { model: 'm' });
    await net.call('/cpe/configure', 'c2', 's1', { template: 't', features: ['wifi'] });
    await net.faults(...faults);
    const { status, body } = await net.call(`/${manager}/${operation}`, 'r', 's1', parameters);
    return { status, body, held: await net.holdings(manager, 's1') };
  };
  const whole = await outcome([]);
  const part = await outcome([{ manager, operation, kind: 'partial' }]);
  expect(part.status).toBe(200);
  expect(part.body).toEqual(whole.body);
  expect(part.held).not.toEqual(whole.held);
});

test.each(['malformed', 'mismatch', 'html'])(
  'wrong-answer (%s) does the work and answers 200 with nonsense',
  async (form) => {
    const net = aNetwork();
    await net.faults(fault('wrong-answer', { form }));
    const reply = await net.call('/olt/reserve', 'r1', 's1');
    expect(reply.status).toBe(200);
    expect(reply.body.reference).not.toBe('r1');
    expect(await net.rows()).toMatchObject([{ effect: true, outcome: 'wrong', unknown: true, fault: 'wrong-answer' }]);
  },
);

test('latency waits, and adds to whatever else strikes', async () => {
  const net = aNetwork();
  await net.faults(fault('latency', { ms: 60 }), fault('error'), fault('latency', { ms: 40 }));
  const start = performance.now();
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(503);
  expect(performance.now() - start).toBeGreaterThanOrEqual(98);
  expect(await net.rows()).toMatchObject([{ fault: 'latency+error+latency' }]);
});

test('a rule with a count strikes so often and is then exhausted; the next rule takes over', async () => {
  const net = aNetwork();
  await net.faults(fault('error', {}, { count: 2 }), fault('throttle', {}, { count: 1 }));
  const statuses = [];
  for (const reference of ['a', 'b', 'c', 'd'])
    statuses.push((await net.call('/olt/reserve', reference, reference)).status);
  expect(statuses).toEqual([503, 503, 429, 200]);
  expect(await net.rules()).toMatchObject([
    { fired: 2, exhausted: true },
    { fired: 1, exhausted: true },
  ]);
});

test('a probability is drawn per call; a seed makes the draws repeat', async () => {
  const run = async (seed: number) => {
    const net = aNetwork(() => {
      throw new Error('a seeded rule does not ask for chance');
    });
    await net.faults(fault('error', {}, { probability: 0.5, seed }));
    const statuses = [];
    for (let n = 0; n < 40; n += 1) statuses.push((await net.call('/olt/reserve', `r${n}`, `s${n}`)).status);
    return statuses;
  };
  const first = await run(1);
  expect(new Set(first)).toEqual(new Set([200, 503]));
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});

test('an unseeded probability strikes below it and not above', async () => {
  const draws = [0.29, 0.31];
  const net = aNetwork(() => draws.shift() ?? 1);
  await net.faults(fault('error', {}, { probability: 0.3 }));
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(503);
  expect((await net.call('/olt/reserve', 'r1', 's1')).status).toBe(200);
});

test('health and read-back fail by name, or with the whole platform', async () => {
  const net = aNetwork();
  await net.faults({ manager: 'olt', operation: 'health', kind: 'error' });
  expect((await net.ask('GET', '/olt/health')).status).toBe(503);
  expect((await net.ask('GET', '/olt/services/s1')).status).toBe(200);
  await net.faults({ manager: 'olt', operation: '*', kind: 'error' });
  expect((await net.ask('GET', '/olt/operations/r1')).status).toBe(503);
  expect((await net.ask('GET', '/ipam/health')).status).toBe(200);
});
