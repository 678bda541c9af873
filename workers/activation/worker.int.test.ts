import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type ActivateItem, activateItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { recordActivation } from '../../contracts/messages/service-inventory.ts';
import { deadLetterQueue, serviceInventoryQueue, serviceOrderingQueue } from '../../contracts/topology.ts';
import { createNetwork } from '../../ops/verify/testbed/network.ts';
import {
  type Letter,
  type Workbench,
  createWorkbench,
  soon,
  testQueue,
  testType,
} from '../../ops/verify/testbed/workbench.ts';
import type { RunningRole } from '../../ops/platform/messaging/role.ts';
import { aCommand } from './activations.fixture.ts';
import { activator } from './activator.ts';
import { elementManager } from '../calls/element-manager.ts';
import { startActivator } from './worker.ts';

const settleMs = 400;
/** The address manager, which does it again when it is called again, driven in a hurry. */
const ipam = elementManager('ipam', {
  operations: {
    allocate: z.looseObject({ allocationId: z.string(), prefix: z.string() }),
    update: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '1s',
  settle: `${settleMs}ms`,
  concurrency: 8,
});
const prefixes = activator({
  serviceType: testType,
  characteristics: z.object({ prefixLength: z.number(), reverseDns: z.string().optional() }),
  steps: (step) => [
    step('allocate', {
      on: ipam,
      apply: ({ want: { prefixLength } }, net) => net.allocate({ prefixLength }),
      undo: ({ facts }, net) => net.release({ allocationId: facts['allocationId'] }),
      lands: ({ allocationId, prefix }) => ({ characteristics: { allocationId, prefix } }),
    }),
    step('name', {
      on: ipam,
      apply: ({ want: { reverseDns }, facts }, net) =>
        net.update({ allocationId: facts['allocationId'], reverseDns: reverseDns ?? null }),
      undo: ({ facts }, net) => net.update({ allocationId: facts['allocationId'], reverseDns: null }),
      suspend: ({ facts }, net) => net.update({ allocationId: facts['allocationId'], reverseDns: null }),
      resume: ({ want: { reverseDns }, facts }, net) =>
        net.update({ allocationId: facts['allocationId'], reverseDns: reverseDns ?? null }),
    }),
  ],
  policy: { attempts: 2, backoff: '10ms', longestBackoff: '50ms' },
});

let bench: Workbench;
let network: Awaited<ReturnType<typeof createNetwork>>;
const running: RunningRole[] = [];

beforeAll(async () => {
  [bench, network] = await Promise.all([createWorkbench(), createNetwork()]);
});
afterAll(() => Promise.all([bench.close(), network.close()]));
beforeEach(() => start());
afterEach(async () => {
  for (const role of running.splice(0)) await role.stop();
  await network.reset();
  await bench.sql`truncate activation.activation, platform.breaker, platform.message`;
  const channel = await bench.channel();
  for (const queue of [testQueue, deadLetterQueue(testQueue), serviceInventoryQueue, serviceOrderingQueue])
    await channel.purgeQueue(queue);
  await channel.close();
});

const start = (): void => void running.push(startActivator(prefixes, bench.role(network.url)));
const ask = (over: Partial<ActivateItem> = {}) =>
  bench.publish(send(activateItem, aCommand({ serviceType: testType, requested: { prefixLength: 29 }, ...over })));
const rows = () =>
  bench.sql<{ key: string; phase: string }[]>`select business_key as key, phase from activation.activation`;
const ended = (phase: string, count = 1) =>
  vi.waitFor(async () => {
    const all = await rows();
    expect(all.map((row) => row.phase)).toEqual(Array.from({ length: count }, () => phase));
  }, soon);

/** What was reported to the inventory, in the order it came. */
async function reports(count: number): Promise<z.output<typeof recordActivation.schema>[]> {
  const channel = await bench.channel();
  const found: z.output<typeof recordActivation.schema>[] = [];
  await vi.waitUntil(async () => {
    const got = await channel.get(serviceInventoryQueue, { noAck: true });
    if (got !== false) found.push(recordActivation.schema.parse(JSON.parse(got.content.toString())));
    return found.length >= count;
  }, soon);
  await channel.close();
  return found;
}
const totals = async () => (await network.summary()).totals;

describe('an activation on a platform that does it again when it is called again', () => {
  test('goes step by step and reports what landed', async () => {
    await ask();
    expect(
      (await reports(2)).map(({ stage, sequence, characteristics }) => [stage, sequence, characteristics['prefix']]),
    ).toEqual([
      ['landed', 1, '10.160.0.0/29'],
      ['completed', 2, '10.160.0.0/29'],
    ]);
    expect(await totals()).toMatchObject({ calls: 2, effects: 2, excess: 0 });
  });

  test('whose answer is lost is read back, not called again: one allocation', async () => {
    await network.faults({ manager: 'ipam', operation: 'allocate', kind: 'lost-answer', count: 1 });
    await ask();
    await ended('completed');
    expect(await network.allocations('service')).toHaveLength(1);
    expect(await totals()).toMatchObject({ calls: 2, effects: 2, unknowns: 1 });
  });

  test('that takes effect late, within the settle time, is waited for: one allocation', async () => {
    await network.faults({
      manager: 'ipam',
      operation: 'allocate',
      kind: 'late-apply',
      params: { ms: settleMs / 2 },
      count: 1,
    });
    await ask();
    await ended('completed');
    expect(await network.allocations('service')).toHaveLength(1);
    expect(await totals()).toMatchObject({ calls: 2, effects: 2, unknowns: 1 });
  });

  test('that never took effect is called again after the settle time: one allocation', async () => {
    await network.faults({ manager: 'ipam', operation: 'allocate', kind: 'reset', count: 1 });
    await ask();
    await ended('completed');
    expect(await network.allocations('service')).toHaveLength(1);
    expect(await totals()).toMatchObject({ calls: 3, effects: 2, unknowns: 1, excess: 0 });
  });

  test('whose answer is nonsense is read back: one allocation', async () => {
    await network.faults({
      manager: 'ipam',
      operation: 'allocate',
      kind: 'wrong-answer',
      params: { form: 'mismatch' },
      count: 1,
    });
    await ask();
    await ended('completed');
    expect(await network.allocations('service')).toHaveLength(1);
  });

  test('that turns calls away under load is called again: one allocation', async () => {
    await network.faults({
      manager: 'ipam',
      operation: 'allocate',
      kind: 'throttle',
      params: { retryAfterSeconds: 0 },
      count: 1,
    });
    await ask();
    await ended('completed');
    expect(await totals()).toMatchObject({ calls: 3, effects: 2 });
  });

  test('asked for twice at once and once more later, by two replicas, is done once and reported again', async () => {
    start();
    await Promise.all([ask(), ask(), ask()]);
    await ended('completed');
    await ask();
    const stages = (await reports(3)).map(({ stage }) => stage);
    expect(stages.filter((stage) => stage === 'completed').length).toBeGreaterThanOrEqual(2);
    expect(await network.allocations('service')).toHaveLength(1);
    expect(await totals()).toMatchObject({ calls: 2, effects: 2, excess: 0 });
  });

  test('whose second step is refused gives back what the first one took, and reports why', async () => {
    await network.faults({
      manager: 'ipam',
      operation: 'update',
      kind: 'refuse',
      params: { code: 'noNames', reason: 'Names are full.' },
    });
    await ask();
    await ended('failed');
    const all = await reports(2);
    expect(all.at(-1)).toMatchObject({ stage: 'failed', failure: { code: 'noNames', reason: 'Names are full.' } });
    expect(await network.totalHeld()).toBe(0);
  });

  test('with characteristics that do not fit its schema fails without a call', async () => {
    await ask({ requested: { prefixLength: 'long' } });
    expect((await reports(1))[0]).toMatchObject({ stage: 'failed', failure: { code: 'invalidCharacteristic' } });
    expect(await totals()).toMatchObject({ calls: 0 });
  });

  test('whose holder died between call and record is read back when the lease is over: one allocation', async () => {
    await ask();
    await ended('completed');
    // As the dead left it: called, and nobody knows what came of it.
    await bench.sql`
      update activation.activation set phase = 'applying', due_at = now(), doc = jsonb_set(jsonb_set(jsonb_set(
        doc, '{position}', '0'), '{phase}', '"applying"'), '{entries,0,state}', '"calling"')
        #- '{characteristics,prefix}' || '{}'`;
    await bench.sql`update activation.activation set doc = jsonb_set(doc, '{entries,1,state}', '"planned"')`;
    await ended('completed');
    const { references, totals: sums } = await network.summary();
    expect(references.find(({ operation }) => operation === 'allocate')).toMatchObject({ calls: 1, effects: 1 });
    expect(sums).toMatchObject({ excess: 0 });
    expect((await reports(4)).at(-1)).toMatchObject({
      stage: 'completed',
      characteristics: { prefix: '10.160.0.0/29' },
    });
  });
});

test('a process that ends leaves the next step to another one, at once and not when a lease is over', async () => {
  await network.faults({ manager: 'ipam', operation: 'allocate', kind: 'latency', params: { ms: 700 } });
  await ask();
  await ended('applying');
  const [ending] = running.splice(0);
  start();
  await ending?.stop();
  await ended('completed');
  const [row] = await bench.sql<{ doc: { entries: { log: { what: string; result: string }[] }[] } }[]>`
    select doc from activation.activation`;
  expect(row?.doc.entries.map(({ log }) => log.map(({ what, result }) => `${what} ${result}`))).toEqual([
    ['call landed'],
    ['call landed'],
  ]);
});

test('a step that the release before had queued is called when it is due, its message having gone astray', async () => {
  await ask();
  await ended('completed');
  await bench.sql`
    update activation.activation set phase = 'applying', due_at = now(), doc = jsonb_set(jsonb_set(doc,
      '{phase}', '"applying"'), '{entries,1}', (doc #> '{entries,1}') - 'log' - 'openedBy'
        || '{"state": "queued", "attempt": 0}')`;
  await ended('completed');
  const [row] = await bench.sql<{ doc: { entries: object[] } }[]>`select doc from activation.activation`;
  expect(row?.doc.entries[1]).toMatchObject({ state: 'landed', attempt: 1, failures: 0 });
  expect((await network.summary()).totals).toMatchObject({ excess: 0 });
});

describe('fallout', () => {
  test('a step whose attempts are used up stalls, leaves a letter, and goes on when the letter is moved back', async () => {
    await network.faults({
      manager: 'ipam',
      operation: 'allocate',
      kind: 'throttle',
      params: { retryAfterSeconds: 0 },
    });
    await ask();
    await ended('stalled');
    const [letter] = (await bench.letters(1)) as [Letter];
    expect(letter).toMatchObject({
      type: 'activation.run-step.v1',
      headers: { 'original-queue': testQueue, 'error-class': 'FallenOut' },
    });
    await network.faults();
    const channel = await bench.channel();
    const moved = { messageId: letter.id, type: letter.type, headers: letter.headers };
    channel.sendToQueue(testQueue, Buffer.from(letter.body), moved);
    channel.sendToQueue(testQueue, Buffer.from(letter.body), moved);
    await ended('completed');
    await channel.close();
    expect(await network.allocations('service')).toHaveLength(1);
  });
});

describe('an outage', () => {
  test('opens the breaker, pauses consumption, burns nobody’s attempts; after a probe everything goes on, exactly once', async () => {
    const paused = () => bench.logged.filter(({ msg }) => msg === 'consumption paused').length;
    const before = paused();
    await network.faults({ manager: 'ipam', operation: '*', kind: 'error', params: { status: 503 } });
    const items = Array.from({ length: 12 }, (_, at) => String(at));
    await Promise.all(items.map((itemId) => ask({ itemId, serviceId: `service-${itemId}` })));
    await vi.waitFor(
      async () => expect((await bench.sql`select 1 from platform.breaker where state = 'open'`).count).toBe(1),
      soon,
    );
    await vi.waitUntil(() => paused() > before, soon);
    const channel = await bench.channel();
    await vi.waitFor(async () => expect((await channel.checkQueue(testQueue)).consumerCount).toBe(0), soon);
    await channel.close();
    const late = ['late-1', 'late-2'];
    await Promise.all(late.map((itemId) => ask({ itemId, serviceId: `service-${itemId}` })));
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(2), soon);

    await network.faults();
    await bench.sql`update platform.breaker set probe_at = now() where state = 'open'`;
    await vi.waitFor(
      async () => expect((await bench.sql`select 1 from platform.breaker where state <> 'open'`).count).toBe(1),
      soon,
    );
    await bench.sql`update platform.breaker set changed_at = now() - interval '1 minute'`;
    await ended('completed', items.length + late.length);
    const { references } = await network.summary();
    expect(references.every(({ effects }) => effects === 1)).toBe(true);
    expect(references).toHaveLength(2 * (items.length + late.length));
  });
});
