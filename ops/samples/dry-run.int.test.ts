import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ActivateItem } from '../../contracts/messages/activation.ts';
import type { ServiceOrder } from '../../contracts/messages/service-ordering.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { serviceOrderPlanSchema } from '../../gateway/apis/tmf641/dry-run.ts';
import { type System, sampleOrder, startSystem } from '../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../verify/testbed/testbed.ts';
import { soon } from '../verify/testbed/workbench.ts';

type Plan = (typeof serviceOrderPlanSchema)['_zod']['input'];
type PlanItem = Plan['items'][number];

const orders = '/tmf-api/serviceOrdering/v4/serviceOrder';
const samples = readdirSync(import.meta.dirname)
  .filter((file) => /^[a-z-]+[.]json$/.test(file) && file !== 'service-specifications.json')
  .map((file) => file.replace(/\.json$/, ''));

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const post = (order: JsonObject, query = '', headers: Record<string, string> = {}): Promise<Response> =>
  system.request(`${orders}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(order),
  });

async function planOf(order: JsonObject): Promise<Plan> {
  const answer = await post(order, '?dryRun=true');
  const plan = (await answer.json()) as Plan;
  expect([answer.status, plan['@type']]).toEqual([200, 'ServiceOrderPlan']);
  return plan;
}

async function placed(order: JsonObject): Promise<string> {
  const answer = await post(order);
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

async function orderOf(id: string): Promise<ServiceOrder | undefined> {
  const [row] = await system.sql<{ order: ServiceOrder }[]>`
    select doc -> 'order' as order from service_ordering.service_order where id = ${id}`;
  return row?.order;
}

const ended = (id: string): Promise<ServiceOrder> =>
  vi.waitUntil(async () => {
    const order = await orderOf(id);
    return order?.completedAt === undefined ? undefined : order;
  }, soon);

interface Executed {
  readonly id: string;
  readonly command: ActivateItem;
  readonly entries: readonly { step: string; platform: string; direction: string; state: string }[];
}

async function activationsOf(id: string): Promise<Executed[]> {
  const rows = await system.sql<{ doc: Executed }[]>`
    select doc from activation.activation where doc #>> '{command,orderId}' = ${id}`;
  return rows.map(({ doc }) => doc);
}

const latest = (instants: readonly (string | undefined)[]): string =>
  instants.reduce<string>((last, one = '') => (one > last ? one : last), '');

/** What was planned for an item, in the words in which it is found to have been done. */
const told = (item: PlanItem, serviceIds: Readonly<Record<string, string>>) => ({
  itemId: item.itemId,
  service: [item.serviceType, item.serviceId ?? serviceIds[item.itemId]],
  specification: [item.specification?.id, item.specification?.version],
  characteristics: item.characteristics,
  steps: item.steps.map(({ direction, name, platform }) => `${direction} ${name} on ${platform}`),
  calls: item.steps.map(({ platform }) => platform),
  waitsFor: item.waitsFor.items.toSorted(),
});

/**
 * What was really done for the items of an order, by what service ordering, the activators and the network each kept of it.
 * An item waited for those that had ended when it started, of those it named.
 */
async function done(order: ServiceOrder) {
  const activations = await activationsOf(order.id);
  const { references } = await system.network.summary();
  const itemOf = new Map(order.request.items.map((item) => [item.itemId, item]));
  const startedAt = (itemId: string) => order.progress[itemId]?.startedAt ?? '';
  return activations
    .toSorted((a, b) => (startedAt(a.command.itemId) < startedAt(b.command.itemId) ? -1 : 1))
    .map(({ id, command, entries }) => {
      expect(entries.map(({ state }) => state)).toEqual(entries.map(() => 'landed'));
      const waited = itemOf.get(command.itemId)?.dependsOn ?? [];
      // Begun in the very moment in which the last of them was done: it waited for these and for nothing else.
      const freed = waited.length === 0 ? undefined : latest(waited.map((one) => order.progress[one]?.endedAt));
      if (freed !== undefined) expect(startedAt(command.itemId)).toBe(freed);
      return {
        itemId: command.itemId,
        service: [command.serviceType, command.serviceId],
        specification: [command.specification.id, command.specification.version],
        characteristics: command.requested,
        steps: entries.map(({ direction, step, platform }) => `${direction} ${step} on ${platform}`),
        calls: references
          .filter(({ reference }) => reference.startsWith(`${id}.`))
          .map(({ reference, manager, effects }, at) => {
            expect([reference, effects]).toEqual([`${id}.${at}`, 1]);
            return manager;
          }),
        waitsFor: waited.toSorted(),
      };
    });
}

/** Plans an order, then has it done, and holds the one against the other. */
async function explainedAndDone(order: JsonObject): Promise<{ plan: Plan; order: ServiceOrder }> {
  const plan = await planOf(order);
  const executed = await ended(await placed(order));
  const serviceIds = Object.fromEntries(executed.request.items.map(({ itemId, serviceId }) => [itemId, serviceId]));
  const acting = plan.items.filter(({ action }) => action !== 'noChange');
  const happened = await done(executed);
  expect(new Set(acting.map((item) => told(item, serviceIds)))).toEqual(new Set(happened));
  // Items that wait for each other are planned in the order in which they were begun.
  for (const item of acting) {
    const at = (itemId: string) => plan.items.findIndex((one) => one.itemId === itemId);
    for (const before of item.waitsFor.items) expect(at(before)).toBeLessThan(at(item.itemId));
  }
  return { plan, order: executed };
}

const change = (action: string, ...services: readonly JsonObject[]): JsonObject => ({
  serviceOrderItem: services.map((service, at) => ({ id: `i${at}`, action, service })),
});
const characteristic = (values: Readonly<Record<string, unknown>>) => ({
  serviceCharacteristic: Object.entries(values).map(([name, value]) => ({ name, value })),
});

/** Every table with what it holds, but for what the fleet notes of itself as time goes by. */
async function everything(): Promise<Record<string, string>> {
  const tables = await system.sql<{ name: string }[]>`
    select schemaname || '.' || tablename as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`;
  const itself = ['platform.herald', 'platform.standing', 'platform.unseen', 'service_ordering.duration'];
  const held: Record<string, string> = {};
  for (const { name } of tables.filter((one) => !itself.includes(one.name))) {
    const [row] = await system.sql.unsafe<{ held: string }[]>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as held from ${name} t`,
    );
    held[name] = row?.held ?? '';
  }
  return held;
}

const quiet = () =>
  vi.waitFor(async () => {
    const [row] = await system.sql<{ waiting: number }[]>`select count(*)::int as waiting from platform.message`;
    expect(row?.waiting).toBe(0);
  }, soon);

describe('the plan of an order is what is then done', () => {
  test.each(samples)('sample %s', async (name) => {
    const { plan, order } = await explainedAndDone(await sampleOrder(name));
    expect([plan.verdict, plan.state, order.state]).toEqual(['acceptable', 'inProgress', 'completed']);
  });

  test('for changes of services that stand, of every kind', async () => {
    const made = await ended(await placed(await sampleOrder('business-internet')));
    const [line, prefix, router] = made.request.items.map(({ serviceId }) => serviceId);
    const changes: [string, JsonObject][] = [
      ['one step', change('modify', { id: line, ...characteristic({ downMbps: 77 }) })],
      ['two steps', change('modify', { id: prefix, ...characteristic({ prefixLength: 28, reverseDns: 'a.example' }) })],
      ['nothing', change('modify', { id: line, ...characteristic({ downMbps: 77 }) })],
      ['suspend', change('modify', ...[line, prefix, router].map((id) => ({ id, operatingStatus: 'suspended' })))],
      ['resume', change('modify', { id: line, operatingStatus: 'active', ...characteristic({ downMbps: 78 }) })],
      ['delete', change('delete', { id: router })],
    ];
    const steps: Record<string, string[]> = {};
    for (const [kind, order] of changes) {
      const { plan, order: executed } = await explainedAndDone(order);
      expect([kind, plan.verdict, executed.state]).toEqual([kind, 'acceptable', 'completed']);
      steps[kind] = plan.items.flatMap((item) => item.steps.map(({ direction, name }) => `${direction} ${name}`));
    }
    expect(steps).toEqual({
      'one step': ['apply configure-line'],
      'two steps': ['apply allocate-prefix', 'apply name-prefix'],
      nothing: [],
      suspend: ['suspend configure-line', 'suspend allocate-prefix', 'suspend configure-router'],
      resume: ['resume configure-line', 'apply configure-line'],
      delete: ['undo configure-router', 'undo register-router'],
    });
  });

  test('for a new service that stands on one that is there', async () => {
    const made = await ended(await placed(await sampleOrder('business-internet')));
    const [, prefix] = made.request.items.map(({ serviceId }) => serviceId);
    const { plan } = await explainedAndDone(
      change('add', {
        serviceSpecification: { id: 'managed-router' },
        supportingService: [{ id: prefix }],
        ...characteristic({ model: 'R100' }),
      }),
    );
    expect(plan.items[0]?.standsOn).toEqual([{ serviceId: prefix, serviceType: 'ip-addressing' }]);
  });
});

describe('what would not be done is said in the words in which it is refused', () => {
  const failures = (items: readonly { itemId: string; failure?: { code: string; reason: string } | undefined }[]) =>
    Object.fromEntries(items.map(({ itemId, failure }) => [itemId, failure]));
  const failuresOf = ({ progress }: ServiceOrder) =>
    failures(Object.entries(progress).map(([itemId, { failure }]) => ({ itemId, failure })));
  const statesOf = ({ progress }: ServiceOrder) =>
    Object.fromEntries(Object.entries(progress).map(([itemId, { state }]) => [itemId, state]));
  const item = (id: string, action: string, service: JsonObject, ...dependsOn: readonly string[]) => ({
    id,
    action,
    service,
    serviceOrderItemRelationship: dependsOn.map((itemId) => ({ relationshipType: 'dependsOn', orderItem: { itemId } })),
  });
  const line = (values: Readonly<Record<string, unknown>> = { downMbps: 5 }, id = 'broadband-access') => ({
    serviceSpecification: { id },
    ...characteristic(values),
  });

  test.each<[string, string, JsonObject[]]>([
    [
      'characteristics out of range',
      'rejected',
      [item('a', 'add', line({ downMbps: 20_000 })), item('b', 'add', line())],
    ],
    ['an unknown specification', 'rejected', [item('a', 'add', line({}, 'carrier-pigeon'))]],
    ['items in a circle', 'rejected', [item('a', 'add', line(), 'b'), item('b', 'add', line(), 'a')]],
    ['a change without a service', 'rejected', [item('a', 'delete', {})]],
    [
      'a service that is not there',
      'faulty',
      [item('a', 'modify', { id: 'nowhere', ...characteristic({ downMbps: 5 }) }), item('b', 'add', line(), 'a')],
    ],
    [
      'a supporting service that is not there',
      'faulty',
      [item('a', 'add', { ...line(), supportingService: [{ id: 'nowhere' }] })],
    ],
    [
      'what the activator’s own schema refuses',
      'faulty',
      [item('a', 'add', line({ prefixLength: 29, reverseDns: '' }, 'ip-prefix')), item('b', 'add', line(), 'a')],
    ],
  ])('%s: %s', async (_, verdict, items) => {
    const order = { serviceOrderItem: items };
    const plan = await planOf(order);
    const executed = await ended(await placed(order));
    expect(plan.verdict).toBe(verdict);
    expect(failures(plan.items)).toEqual(failuresOf(executed));
    expect(Object.fromEntries(plan.items.map(({ itemId, state }) => [itemId, state]))).toEqual(statesOf(executed));
    if (verdict === 'rejected') expect([plan.state, plan.failure]).toEqual(['rejected', executed.failure]);
  });
});

describe('a dry run', () => {
  test('leaves nothing behind but that its messages were handled and what was answered', async () => {
    const made = await ended(await placed(await sampleOrder('business-internet')));
    const service = made.request.items[0]?.serviceId ?? '';
    await quiet();
    const [before, calls] = [await everything(), (await system.network.summary()).totals.calls];
    const key = { 'idempotency-key': 'kept-for-later' };
    for (const order of [await sampleOrder('business-internet'), change('delete', { id: service })])
      expect((await post(order, '?dryRun=true', key)).status).toBe(200);
    await quiet();
    const after = await everything();
    const differing = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(differing).toEqual(['gateway.outcome', 'platform.inbox']);
    expect((await system.network.summary()).totals.calls).toBe(calls);
    const answer = await post(change('noChange', { id: service }), '', key);
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  test('tells of an order that waits for its day, and of one that waits for another order', async () => {
    const made = await ended(await placed(await sampleOrder('business-internet')));
    const id = made.request.items[0]?.serviceId ?? '';
    const day = new Date(Date.now() + 86_400_000).toISOString();
    const later = await planOf({ ...change('delete', { id }), requestedStartDate: day });
    expect([later.verdict, later.state, later.startsAt]).toEqual(['acceptable', 'pending', day]);

    await system.network.add([{ id: 'down', manager: 'olt', operation: 'configure', kind: 'error', params: {} }]);
    const holder = await placed(change('modify', { id, ...characteristic({ downMbps: 3 }) }));
    await vi.waitUntil(async () => (await orderOf(holder))?.progress['i0']?.startedAt !== undefined, soon);
    const waiting = await planOf(change('delete', { id }));
    await system.network.remove('down');
    expect(waiting.items[0]).toMatchObject({
      state: 'pending',
      waitsFor: { orders: [{ orderId: holder, itemId: 'i0' }] },
      steps: [{ name: 'configure-line' }, { name: 'reserve-port' }],
    });
  });

  test.each(['false', '', '1', 'true&dryRun=false'])('is asked for by true and nothing else: %s', async (value) => {
    const answer = await post(change('noChange', { id: 's' }), `?dryRun=${value}`);
    expect([answer.status, ((await answer.json()) as JsonObject)['code']]).toEqual([400, 'invalidQuery']);
  });

  test('of a body that no create would take is refused as the create is', async () => {
    for (const query of ['', '?dryRun=true']) expect((await post({ serviceOrderItem: [] }, query)).status).toBe(400);
  });

  test('that nobody answers is told so, and kept nowhere', async () => {
    const gateway = await system.gateway({ COMMAND_WAIT_MS: '200' });
    await system.stop('service-ordering');
    const answer = await gateway(`${orders}?dryRun=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change('noChange', { id: 's' })),
    });
    await system.start('service-ordering');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  });
});
