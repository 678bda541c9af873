import { expect, test } from 'vitest';
import { aNetwork } from '../network.fixture.ts';

test('the same reference again allocates again, and read-back shows both', async () => {
  const net = aNetwork();
  const first = await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 29 });
  const second = await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 29 });
  expect(first.body.result).toEqual({
    allocationId: 'alloc-1',
    family: 'ipv4',
    prefix: '10.160.0.0/29',
    prefixLength: 29,
    gateway: '10.160.0.1',
  });
  expect(second.body.result.prefix).toBe('10.160.0.8/29');
  expect(await net.get('/ipam/operations/r1')).toMatchObject({ applied: true, times: 2, operation: 'allocate' });
  const allocations = await net.allocations('s1');
  expect(allocations.map((each) => [each.allocationId, each.label])).toEqual([
    ['alloc-1', 'r1'],
    ['alloc-2', 'r1'],
  ]);
  expect((await net.summary()).totals).toMatchObject({ calls: 2, effects: 2, repeated: 1 });
});

test('each release gives one back: the named one, else the newest, and none is a refusal', async () => {
  const net = aNetwork();
  for (const reference of ['a', 'b', 'c']) await net.call('/ipam/allocate', reference, 's1', { prefixLength: 30 });
  const named = await net.call('/ipam/release', 'r1', 's1', { allocationId: 'alloc-1' });
  expect(named.body.result).toEqual({ released: 'alloc-1', prefix: '10.192.0.0/30', remaining: 2 });
  expect((await net.call('/ipam/release', 'r2', 's1')).body.result.released).toBe('alloc-3');
  expect((await net.call('/ipam/release', 'r2', 's1')).body.result.released).toBe('alloc-2');
  const none = await net.call('/ipam/release', 'r2', 's1');
  expect([none.status, none.body.error.code]).toEqual([409, 'nothing-allocated']);
  expect(await net.totalHeld()).toBe(0);
});

test('resize exchanges the prefix and can be undone exactly', async () => {
  const net = aNetwork();
  await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 30 });
  const { result } = (await net.call('/ipam/resize', 'r2', 's1', { prefixLength: 29 })).body;
  expect(result).toMatchObject({ allocationId: 'alloc-1', prefix: '10.160.0.0/29', gateway: '10.160.0.1' });
  await net.call('/ipam/resize', 'r3', 's1', result.previous);
  expect((await net.allocations('s1'))[0]?.prefix).toBe('10.192.0.0/30');
});

test('a certain prefix may be asked for, if it is free and one of ours', async () => {
  const net = aNetwork();
  const ask = async (serviceRef: string, prefix: string) =>
    (await net.call('/ipam/allocate', `${serviceRef}-${prefix}`, serviceRef, { prefixLength: 30, prefix })).body;
  expect((await ask('s1', '10.192.0.4/30')).result.prefix).toBe('10.192.0.4/30');
  expect((await ask('s2', '10.192.0.4/30')).error.code).toBe('prefix-taken');
  expect((await ask('s1', '10.192.0.4/30')).error.code).toBe('prefix-taken');
  expect((await ask('s2', '10.192.0.5/30')).error.code).toBe('prefix-not-offered');
  expect((await ask('s2', '192.0.2.0/30')).error.code).toBe('prefix-not-offered');
});

test('update sets and removes the reverse DNS', async () => {
  const net = aNetwork();
  await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 56, family: 'ipv6' });
  await net.call('/ipam/update', 'r2', 's1', { reverseDns: 'host.example' });
  expect((await net.allocations('s1'))[0]?.reverseDns).toBe('host.example');
  await net.call('/ipam/update', 'r3', 's1', { reverseDns: null });
  expect((await net.allocations('s1'))[0]).not.toHaveProperty('reverseDns');
});

test('a length that is not on offer is refused for good', async () => {
  const refused = await aNetwork().call('/ipam/allocate', 'r1', 's1', { prefixLength: 12 });
  expect([refused.status, refused.body.error.code]).toEqual([422, 'length-not-offered']);
});

test('a suspended allocation is kept for its service, through a resize too, and routed again when resumed', async () => {
  const net = aNetwork();
  const allocationId = (await net.call('/ipam/allocate', 'r1', 's1', { prefixLength: 29 })).body.result.allocationId;
  await net.call('/ipam/suspend', 'r2', 's1', { allocationId });
  await net.call('/ipam/resize', 'r3', 's1', { prefixLength: 28 });
  expect(await net.allocations('s1')).toMatchObject([{ allocationId, prefixLength: 28, suspended: true }]);
  await net.call('/ipam/resume', 'r4', 's1', { allocationId });
  expect((await net.allocations('s1'))[0]).not.toHaveProperty('suspended');
  expect((await net.call('/ipam/suspend', 'r5', 's2')).body.error.code).toBe('nothing-allocated');
});
