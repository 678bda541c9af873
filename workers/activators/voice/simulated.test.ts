import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetwork } from '../../../ops/verify/testbed/network.ts';
import ims from './simulated.ts';

let network: Awaited<ReturnType<typeof createNetwork>>;
beforeAll(async () => void (network = await createNetwork({ ims })));
afterEach(() => network.reset());
afterAll(() => network.close());

const call = async (operation: string, service: string, parameters = {}) =>
  network.call(`/ims/${operation}`, `${operation} ${service} ${JSON.stringify(parameters)}`, service, parameters);
const profile = { codec: 'G.722', features: ['callerId'] };

test('the life of a line: a number is reserved, rings, is barred, renumbered and given back', async () => {
  expect((await call('reserve', 's1')).body.result).toEqual({ number: '+999100000000' });
  await call('provision', 's1', { ...profile, callForwarding: '+99970000001' });
  await call('suspend', 's1');
  await call('reserve', 's1', { number: '+99910555000' });
  expect(await network.holdings('ims', 's1')).toEqual({
    ...profile,
    callForwarding: '+99970000001',
    number: '+99910555000',
    suspended: true,
  });
  await call('provision', 's1', profile);
  expect(await network.holdings('ims', 's1')).toEqual({ ...profile, number: '+99910555000', suspended: true });
  await call('deprovision', 's1');
  expect(await network.holdings('ims', 's1')).toEqual({ number: '+99910555000' });
  await call('release', 's1');
  expect(await network.totalHeld()).toBe(0);
});

test('a number has one line, there is no line without one, and none is forwarded to itself', async () => {
  const code = async (...made: Parameters<typeof call>) => (await call(...made)).body.error.code;
  for (const operation of ['suspend', 'resume']) expect(await code(operation, 's1')).toBe('no-number');
  expect(await code('provision', 's1', profile)).toBe('no-number');
  await call('reserve', 's1', { number: '+99910555000' });
  expect(await code('reserve', 's2', { number: '+99910555000' })).toBe('number-taken');
  expect(await code('provision', 's1', { ...profile, callForwarding: '+99910555000' })).toBe('forwards-to-itself');
});
