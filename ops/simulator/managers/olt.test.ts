import { expect, test } from 'vitest';
import { aNetwork } from '../network.fixture.ts';

test('the life of a line: reserve, configure, clear, release, and nothing is left', async () => {
  const net = aNetwork();
  const reserved = await net.call('/olt/reserve', 'r1', 's1', { technology: 'gpon' });
  expect(reserved.body).toEqual({
    reference: 'r1',
    serviceRef: 's1',
    result: { port: '1/1/1', technology: 'gpon' },
  });
  await net.call('/olt/configure', 'r2', 's1', { downMbps: 1000, upMbps: 200, vlan: 7 });
  expect(await net.holdings('olt', 's1')).toEqual({
    port: '1/1/1',
    technology: 'gpon',
    downMbps: 1000,
    upMbps: 200,
    vlan: 7,
  });
  await net.call('/olt/clear', 'r3', 's1');
  expect(await net.holdings('olt', 's1')).toEqual({ port: '1/1/1', technology: 'gpon' });
  expect((await net.call('/olt/release', 'r4', 's1')).body.result).toEqual({ released: '1/1/1' });
  expect(await net.totalHeld()).toBe(0);
});

test('a port held by another service is refused, and is free again after release', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1', { port: 'p' });
  const refused = await net.call('/olt/reserve', 'r2', 's2', { port: 'p' });
  expect(refused.status).toBe(409);
  expect(refused.body.error).toEqual({ code: 'port-taken', reason: 'port p is held by s1' });
  await net.call('/olt/release', 'r3', 's1');
  expect((await net.call('/olt/reserve', 'r2', 's2', { port: 'p' })).status).toBe(200);
});

test('a service that reserves another port moves there with its profile and frees the old port', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1', { port: 'p' });
  await net.call('/olt/configure', 'r2', 's1', { downMbps: 10, upMbps: 5 });
  await net.call('/olt/reserve', 'r3', 's1', { port: 'q' });
  expect(await net.holdings('olt', 's1')).toEqual({ port: 'q', downMbps: 10, upMbps: 5 });
  expect((await net.call('/olt/reserve', 'r4', 's2', { port: 'p' })).status).toBe(200);
});

test('a free port is never one that somebody named before', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1', { port: '1/1/1' });
  expect((await net.call('/olt/reserve', 'r2', 's2')).body.result.port).toBe('1/1/2');
});

test('refusals: no port to configure, a rate no line has', async () => {
  const net = aNetwork();
  const early = await net.call('/olt/configure', 'r1', 's1', { downMbps: 10, upMbps: 5 });
  expect([early.status, early.body.error.code]).toEqual([409, 'no-port']);
  await net.call('/olt/reserve', 'r2', 's1');
  const fast = await net.call('/olt/configure', 'r3', 's1', { downMbps: 100_000, upMbps: 5 });
  expect([fast.status, fast.body.error.code]).toEqual([422, 'rate-not-supported']);
});

test('clearing and releasing nothing says so', async () => {
  const net = aNetwork();
  expect((await net.call('/olt/clear', 'r1', 's1')).body.result).toEqual({ nothing: true });
  expect((await net.call('/olt/release', 'r2', 's1')).body.result).toEqual({ nothing: true });
});

test('a suspended line keeps port and profile, through a change of it too, and is let go again', async () => {
  const net = aNetwork();
  await net.call('/olt/reserve', 'r1', 's1', { port: 'p' });
  await net.call('/olt/configure', 'r2', 's1', { downMbps: 10, upMbps: 5 });
  await net.call('/olt/suspend', 'r3', 's1');
  await net.call('/olt/configure', 'r4', 's1', { downMbps: 20, upMbps: 5 });
  expect(await net.holdings('olt', 's1')).toEqual({ port: 'p', downMbps: 20, upMbps: 5, suspended: true });
  await net.call('/olt/resume', 'r5', 's1');
  expect(await net.holdings('olt', 's1')).toEqual({ port: 'p', downMbps: 20, upMbps: 5 });
  expect((await net.call('/olt/suspend', 'r6', 's2')).body.error.code).toBe('no-port');
});
