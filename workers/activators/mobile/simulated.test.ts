import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetwork } from '../../../ops/verify/testbed/network.ts';
import hlr from './simulated.ts';

let network: Awaited<ReturnType<typeof createNetwork>>;
beforeAll(async () => void (network = await createNetwork({ hlr })));
afterEach(() => network.reset());
afterAll(() => network.close());

const call = async (operation: string, service: string, parameters = {}) =>
  network.call(`/hlr/${operation}`, `${operation} ${service} ${JSON.stringify(parameters)}`, service, parameters);
const plan = { dataMb: 10_240, roaming: 'region' };

test('the life of a subscription: on a SIM from stock, barred, on another SIM, ended, and nothing is left', async () => {
  const sim = { iccid: '8999901000000000000', imsi: '999010000000000' };
  expect((await call('reserve', 's1')).body.result).toEqual(sim);
  await call('activate', 's1', plan);
  await call('suspend', 's1');
  const swapped = { iccid: '8999901555555555555', imsi: '999015555555555' };
  await call('reserve', 's1', { iccid: swapped.iccid });
  await call('activate', 's1', { ...plan, dataMb: 1 });
  const held = { ...swapped, ...plan, dataMb: 1, msisdn: '+999700000000' };
  expect(await network.holdings('hlr', 's1')).toEqual({ ...held, suspended: true });
  await call('resume', 's1');
  expect(await network.holdings('hlr', 's1')).toEqual(held);
  await call('deactivate', 's1');
  expect(await network.holdings('hlr', 's1')).toEqual(swapped);
  await call('release', 's1');
  expect(await network.totalHeld()).toBe(0);
});

test('a SIM and a number have one subscriber, and there is no subscription without a SIM', async () => {
  const code = async (...made: Parameters<typeof call>) => (await call(...made)).body.error.code;
  expect(await code('activate', 's1', plan)).toBe('no-sim');
  await call('reserve', 's1', { iccid: '8999901555555555555' });
  for (const operation of ['suspend', 'resume']) expect(await code(operation, 's1')).toBe('not-active');
  expect(await code('reserve', 's2', { iccid: '8999901555555555555' })).toBe('sim-taken');
  await call('activate', 's1', { ...plan, msisdn: '+99970555000' });
  await call('reserve', 's2');
  expect(await code('activate', 's2', { ...plan, msisdn: '+99970555000' })).toBe('number-taken');
});
