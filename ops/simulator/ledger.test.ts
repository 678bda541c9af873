import { expect, test } from 'vitest';
import { aNetwork } from './network.fixture.ts';

test('an idempotent manager answers the same reference again and does nothing', async () => {
  const net = aNetwork();
  const first = await net.call('/olt/reserve', 'r1', 's1');
  const again = await net.call('/olt/reserve', 'r1', 's1');
  expect(again.body).toEqual(first.body);
  expect((await net.rows()).map((row) => [row.effect, row.effects, row.outcome])).toEqual([
    [true, 1, 'answered'],
    [false, 1, 'answered'],
  ]);
  expect(await net.get('/olt/operations/r1')).toMatchObject({ times: 1 });
});

test('an idempotent manager does not repeat an effect that was undone since', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1');
  await net.call('/olt/release', 'r2', 's1');
  await net.call('/olt/reserve', 'r1', 's1');
  expect(await net.holdings('olt', 's1')).toEqual({});
});

test('a refused call does not use its reference up', async () => {
  const net = aNetwork();
  expect((await net.call('/olt/configure', 'r1', 's1', { downMbps: 1, upMbps: 1 })).status).toBe(409);
  expect((await net.ask('GET', '/olt/operations/r1')).status).toBe(404);
  await net.call('/olt/reserve', 'r2', 's1');
  expect((await net.call('/olt/configure', 'r1', 's1', { downMbps: 1, upMbps: 1 })).status).toBe(200);
  expect((await net.summary('?reference=r1')).references).toEqual([
    {
      reference: 'r1',
      manager: 'olt',
      operation: 'configure',
      serviceRef: 's1',
      calls: 2,
      effects: 1,
      unknowns: 0,
      refusals: 1,
      excess: 0,
    },
  ]);
});

test('a reference belongs to one operation of one service', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1');
  expect((await net.call('/olt/release', 'r1', 's1')).body.error.code).toBe('reference-used');
  expect((await net.call('/olt/reserve', 'r1', 's2')).body.error.code).toBe('reference-used');
  expect((await net.call('/cpe/register', 'r1', 's1', { model: 'm' })).status).toBe(200);
});

test('a repetition without a reason shows as excess', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1');
  expect((await net.summary()).totals.excess).toBe(0);
  await net.call('/olt/reserve', 'r1', 's1');
  expect((await net.summary()).totals).toEqual({
    references: 1,
    calls: 2,
    effects: 1,
    unknowns: 0,
    refusals: 0,
    excess: 1,
    repeated: 0,
  });
});

test('malformed calls are refused and recorded; unknown managers and operations are not calls', async () => {
  const net = aNetwork();
  expect((await net.ask('POST', '/olt/reserve', { reference: 'r1' })).status).toBe(400);
  const wrong = await net.call('/olt/configure', 'r2', 's1', { downMbps: 'fast', upMbps: 1 });
  expect(wrong.status).toBe(400);
  expect(wrong.body.error.reason).toMatch(/parameters\.downMbps/);
  for (const path of ['/olt/explode', '/nowhere/reserve', '/olt/constructor'])
    expect((await net.call(path, 'r3', 's1')).status).toBe(404);
  expect((await net.rows()).map((row) => [row.reference, row.outcome, row.status, row.code])).toEqual([
    [null, 'refused', 400, 'malformed'],
    ['r2', 'refused', 400, 'malformed'],
  ]);
});

test('reads are counted by manager, apart from calls', async () => {
  const net = aNetwork();
  await net.get('/olt/health');
  await net.get('/olt/services/s1');
  await net.get('/olt/services/s2');
  await net.get('/ipam/operations/r1');
  const { reads, totals } = await net.summary();
  expect(totals.calls).toBe(0);
  expect(reads).toEqual([
    { manager: 'ipam', kind: 'operations', n: 1 },
    { manager: 'olt', kind: 'health', n: 1 },
    { manager: 'olt', kind: 'services', n: 2 },
  ]);
});

test('the ledger is filtered and paged', async () => {
  const net = aNetwork();
  for (const n of [1, 2, 3]) await net.call('/olt/reserve', `r${n}`, `s${n}`);
  await net.call('/olt/clear', 'c1', 's1');
  const references = async (query: string) => (await net.rows(query)).map((row) => row.reference);
  expect(await references('?operation=reserve')).toEqual(['r1', 'r2', 'r3']);
  expect(await references('?serviceRef=s1')).toEqual(['r1', 'c1']);
  expect(await references('?since=1&limit=2')).toEqual(['r2', 'r3']);
  expect(await references('?manager=ipam')).toEqual([]);
  expect((await net.ask('GET', '/_control/ledger?sinse=1')).status).toBe(400);
});
