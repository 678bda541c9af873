import { expect, test } from 'vitest';
import { aNetwork } from '../network.fixture.ts';

test('the life of a router: register, configure, deconfigure, deregister, and nothing is left', async () => {
  const net = aNetwork();
  expect((await net.call('/cpe/configure', 'r0', 's1', { template: 'office' })).body.error.code).toBe('not-registered');
  await net.call('/cpe/register', 'r1', 's1', { model: 'm', serial: 'S' });
  const wanted = { template: 'office', wanPrefix: '10.0.0.0/30', wanGateway: '10.0.0.1', features: ['wifi'] };
  expect((await net.call('/cpe/configure', 'r2', 's1', wanted)).body.result).toEqual({ deviceId: 'm-S', ...wanted });
  expect(await net.holdings('cpe', 's1')).toEqual({ deviceId: 'm-S', model: 'm', serial: 'S', ...wanted });
  await net.call('/cpe/deconfigure', 'r3', 's1');
  expect(await net.holdings('cpe', 's1')).toEqual({ deviceId: 'm-S', model: 'm', serial: 'S' });
  await net.call('/cpe/deregister', 'r4', 's1');
  expect(await net.totalHeld()).toBe(0);
});

test('a router serves one service', async () => {
  const net = aNetwork();
  await net.call('/cpe/register', 'r1', 's1', { model: 'm', serial: 'S' });
  expect((await net.call('/cpe/register', 'r2', 's2', { model: 'm', serial: 'S' })).body.error.code).toBe(
    'serial-taken',
  );
});

test('a router without a serial is given the same one on every attempt', async () => {
  const first = await aNetwork().call('/cpe/register', 'r1', 's1', { model: 'm' });
  const second = await aNetwork().call('/cpe/register', 'r2', 's1', { model: 'm' });
  expect(second.body.result).toEqual(first.body.result);
});

test('a router in quarantine keeps its configuration, through a change of it too, and is let out again', async () => {
  const net = aNetwork();
  await net.call('/cpe/register', 'r1', 's1', { model: 'm', serial: 'S' });
  await net.call('/cpe/configure', 'r2', 's1', { template: 't' });
  await net.call('/cpe/suspend', 'r3', 's1');
  await net.call('/cpe/configure', 'r4', 's1', { template: 'u' });
  expect(await net.holdings('cpe', 's1')).toMatchObject({ template: 'u', suspended: true });
  await net.call('/cpe/resume', 'r5', 's1');
  expect(await net.holdings('cpe', 's1')).toEqual({ deviceId: 'm-S', model: 'm', serial: 'S', template: 'u' });
  expect((await net.call('/cpe/suspend', 'r6', 's2')).body.error.code).toBe('not-registered');
});
