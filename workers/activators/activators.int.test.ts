import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type ActivateItem, activateItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import type { SupportingService } from '../../contracts/messages/service-inventory.ts';
import type { Characteristics } from '../../contracts/messages/values.ts';
import { createNetwork } from '../../ops/verify/testbed/network.ts';
import { type Workbench, createWorkbench, soon } from '../../ops/verify/testbed/workbench.ts';
import type { RunningRole } from '../../ops/platform/messaging/role.ts';
import { activatorTypes, loadActivators } from './registry.ts';
import { startActivators } from './worker.ts';

let bench: Workbench;
let network: Awaited<ReturnType<typeof createNetwork>>;
let role: RunningRole;

beforeAll(async () => {
  [bench, network] = await Promise.all([createWorkbench(await activatorTypes()), createNetwork()]);
  role = await startActivators(bench.role(network.url));
});
afterEach(() => network.reset());
afterAll(async () => {
  await role.stop();
  await Promise.all([bench.close(), network.close()]);
});

const prefix: SupportingService = {
  serviceId: 'prefix',
  serviceType: 'ip-addressing',
  characteristics: { prefix: '10.160.0.0/29', gateway: '10.160.0.1' },
  resources: [],
};

/** Sends a change, waits for its end, and gives what it left the service with. */
async function change(
  serviceType: string,
  action: ActivateItem['action'],
  requested: Characteristics,
  previous: Characteristics = {},
): Promise<Characteristics> {
  const orderId = `${serviceType} ${action}`;
  const command: ActivateItem = {
    orderId,
    itemId: '1',
    action,
    serviceId: `a ${serviceType}`,
    serviceType,
    claimNumber: 1,
    requested,
    previous,
    supporting: [prefix],
    specification: {
      id: serviceType,
      version: '1.0',
      revision: 1,
      name: serviceType,
      lifecycleStatus: 'active',
      serviceType,
      characteristics: [],
      resourceRequirements: [],
      requires: [],
      configurationTemplate: { name: 'business' },
      activation: {},
    },
  };
  await bench.publish(send(activateItem, command));
  const landed = await vi.waitUntil(async () => {
    const [row] = await bench.sql<{ doc: { phase: string; characteristics: Characteristics } }[]>`
      select doc from activation.activation where business_key = ${JSON.stringify([orderId, '1', action])}`;
    return ['completed', 'failed', 'stalled'].includes(row?.doc.phase ?? '') && row?.doc;
  }, soon);
  expect(landed.phase).toBe('completed');
  return { ...requested, ...landed.characteristics };
}

test.each<[string, Characteristics, Characteristics, string, string, Record<string, unknown>]>([
  [
    'broadband',
    { downMbps: 1_000 },
    { downMbps: 2_000, upMbps: 500 },
    'olt',
    'a broadband',
    { downMbps: 2_000, upMbps: 500 },
  ],
  [
    'ip-addressing',
    { prefixLength: 29, reverseDns: 'a.example' },
    { prefixLength: 28 },
    'ipam',
    'a ip-addressing',
    { allocations: [expect.objectContaining({ prefixLength: 28 })] },
  ],
  [
    'managed-router',
    { model: 'R200' },
    { features: ['firewall'] },
    'cpe',
    'a managed-router',
    { features: ['firewall'] },
  ],
  [
    'voice',
    { features: ['voicemail'], callForwarding: '+99970000001' },
    { callForwarding: null },
    'ims',
    'a voice',
    { number: expect.any(String), codec: 'G.722', features: ['voicemail'] },
  ],
  ['tv', { packages: ['basic'] }, { packages: ['basic', 'sport'] }, 'iptv', 'a tv', { packages: ['basic', 'sport'] }],
  ['mobile', { dataMb: 500 }, { roaming: 'world' }, 'hlr', 'a mobile', { dataMb: 500, roaming: 'world' }],
])(
  '%s is added, modified and deleted, each operation once, and leaves nothing behind',
  async (type, asked, changed, manager, ref, held) => {
    const added = await change(type, 'add', asked);
    const modified = await change(type, 'modify', { ...added, ...changed }, added);
    expect(await network.holdings(manager, encodeURIComponent(ref))).toMatchObject(held);
    await change(type, 'delete', modified, modified);
    expect(await network.totalHeld()).toBe(0);
    const { references } = await network.summary();
    expect(references.every(({ effects, calls }) => effects === 1 && calls === 1)).toBe(true);
  },
);

test('a modify that changes nothing a platform holds calls nobody', async () => {
  const added = await change('broadband', 'add', { downMbps: 100 });
  const { calls } = (await network.summary()).totals;
  await change('broadband', 'modify', { ...added, note: 'kept by us' }, added);
  expect((await network.summary()).totals['calls']).toBe(calls);
});

test('every folder here is an activator for the service type it is named after', async () => {
  const types = await activatorTypes();
  expect(types).toEqual(
    expect.arrayContaining(['broadband', 'ip-addressing', 'managed-router', 'mobile', 'tv', 'voice']),
  );
  expect((await loadActivators(types)).map(({ serviceType }) => serviceType)).toEqual(types);
  await expect(loadActivators(['fax'])).rejects.toThrow(/no activator "fax"; there are .*broadband/);
});
