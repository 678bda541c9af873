import { expect, test } from 'vitest';
import { aNetwork } from '../network.fixture.ts';

test('the life of a connection: connect, monitor, suspend, change, resume, disconnect, and nothing is left', async () => {
  const net = aNetwork();
  const call = async (operation: string, parameters = {}) =>
    (await net.call(`/metro/${operation}`, `${operation}-${Math.random()}`, 's1', parameters)).status;
  expect(await call('connect', { handover: 'nni-1/100', bandwidthMbps: 100, vlan: 7 })).toBe(200);
  expect(await call('monitor')).toBe(200);
  expect(await call('suspend')).toBe(200);
  expect(await call('connect', { handover: 'nni-1/100', bandwidthMbps: 200 })).toBe(200);
  const held = { evcId: 'evc-000001', handover: 'nni-1/100', bandwidthMbps: 200, probeId: 'probe-000001' };
  expect(await net.holdings('metro', 's1')).toEqual({ ...held, suspended: true });
  expect(await call('resume')).toBe(200);
  expect(await net.holdings('metro', 's1')).toEqual(held);
  expect(await call('disconnect')).toBe(200);
  expect(await call('disconnect')).toBe(200);
  expect(await net.totalHeld()).toBe(0);
});

test('there is no connection without a handover, nor two on one, and nothing to measure without a connection', async () => {
  const net = aNetwork();
  const code = async (operation: string, service: string, parameters = {}) =>
    (await net.call(`/metro/${operation}`, `${operation}-${service}`, service, parameters)).body.error.code;
  expect(await code('connect', 's1', { bandwidthMbps: 100 })).toBe('no-handover');
  expect(await code('monitor', 's1')).toBe('not-connected');
  expect(await code('suspend', 's1')).toBe('not-connected');
  await net.call('/metro/connect', 'r1', 's2', { handover: 'nni-1/100', bandwidthMbps: 100 });
  expect(await code('connect', 's3', { handover: 'nni-1/100', bandwidthMbps: 100 })).toBe('handover-taken');
});
