import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetwork } from '../../../ops/verify/testbed/network.ts';
import iptv from './simulated.ts';

let network: Awaited<ReturnType<typeof createNetwork>>;
beforeAll(async () => void (network = await createNetwork({ iptv })));
afterEach(() => network.reset());
afterAll(() => network.close());

const call = async (operation: string, service: string, parameters = {}) =>
  network.call(`/iptv/${operation}`, `${operation} ${service} ${JSON.stringify(parameters)}`, service, parameters);
const granted = { packages: ['basic', 'sport'], streams: 2, quality: 'HD' };

test('the life of an account: it is opened, entitled, records, shows a notice, and is closed', async () => {
  expect((await call('open', 's1', { accessPort: '1/1/1' })).body.result).toMatchObject({ accessPort: '1/1/1' });
  await call('grant', 's1', granted);
  await call('record', 's1', { recordingHours: 50 });
  await call('suspend', 's1');
  await call('grant', 's1', { ...granted, streams: 4 });
  const held = { ...granted, accountId: expect.any(String), accessPort: '1/1/1', streams: 4, suspended: true };
  expect(await network.holdings('iptv', 's1')).toEqual({ ...held, recordingHours: 50 });
  await call('record', 's1', { recordingHours: 0 });
  expect(await network.holdings('iptv', 's1')).toEqual(held);
  await call('revoke', 's1');
  expect(await network.holdings('iptv', 's1')).toEqual({ accountId: expect.any(String), accessPort: '1/1/1' });
  await call('close', 's1');
  expect(await network.totalHeld()).toBe(0);
});

test('nothing is granted without an account, no package that there is not, no more recordings than there is room for', async () => {
  const code = async (...made: Parameters<typeof call>) => (await call(...made)).body.error.code;
  for (const operation of ['suspend', 'resume']) expect(await code(operation, 's1')).toBe('no-account');
  expect(await code('grant', 's1', granted)).toBe('no-account');
  await call('open', 's1');
  expect(await code('grant', 's1', { ...granted, packages: ['basic', 'chess'] })).toBe('package-not-offered');
  expect(await code('record', 's1', { recordingHours: 50 })).toBe('not-entitled');
  await call('grant', 's1', { ...granted, packages: ['basic'] });
  expect(await code('record', 's1', { recordingHours: 501 })).toBe('no-room');
  expect((await call('record', 's1', { recordingHours: 500 })).status).toBe(200);
});
