import { serviceSpecification } from '../../contracts/messages/service-catalog.ts';
import { createContents } from '../../ops/platform/contents.store.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { activateItem } from '../../contracts/messages/activation.ts';
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
import type { Specified } from './activation.state.ts';
import { aCommand } from './activations.fixture.ts';
import { activator } from './activator.ts';
import { elementManager } from '../calls/element-manager.ts';
import { startActivator } from './worker.ts';
import { derivedId } from '../../ops/platform/ids.ts';
import { fresh } from './activation.decide.ts';
import { activations } from './activation.store.ts';
import { entryOf } from './entries.decide.ts';
import { planFor } from './plan.decide.ts';
import { rulesOf } from './rules.ts';

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
const ask = (over: Partial<Specified> = {}) =>
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

  test('asked for thrice at once and once more later, of two replicas, is done once and reported once', async () => {
    const handled = async () => (await bench.sql`select from platform.journal where consumer = ${testQueue}`).count;
    const before = await handled();
    start();
    await Promise.all([ask(), ask(), ask()]);
    await ended('completed');
    await ask();
    await vi.waitFor(async () => expect(await handled()).toBe(before + 4), soon);
    expect((await reports(2)).map(({ stage }) => stage).toSorted()).toEqual(['completed', 'landed']);
    // Nobody takes them here: what was sent is what there is.
    expect((await bench.sql`select from platform.message where queue = ${serviceInventoryQueue}`).count).toBe(2);
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

  test('rewrites none of the activations that wait for it; when it is over, all of them go on', async () => {
    await ask();
    await ended('completed');
    await bench.sql`insert into platform.breaker (platform, state, probe_at) values ('ipam', 'open', now() + interval '1 hour')`;
    const before = bench.logged.filter(({ msg }) => msg === 'consumption paused').length;
    await vi.waitUntil(() => bench.logged.filter(({ msg }) => msg === 'consumption paused').length > before, soon);
    await leftWaiting(2_000);
    const written = () =>
      bench.sql`select count(*)::int as waiting, sum(revision)::int as revisions from activation.activation where due_at is not null`;
    const whole = await written();
    expect(whole).toMatchObject([{ waiting: 2_000 }]);
    // What waits for nobody shows that the others have been passed over.
    for (const turn of [1, 2, 3]) {
      await bench.sql`update activation.activation set due_at = now(), platform = null where phase = 'completed'`;
      await vi.waitFor(
        async () =>
          expect(
            await bench.sql`select 1 from activation.activation where phase = 'completed' and due_at is not null`,
          ).toEqual([]),
        soon,
      );
      expect([turn, await written()]).toEqual([turn, whole]);
    }

    // Two thousand calls would take their time.
    await bench.sql`delete from activation.activation where business_key not like '%waiting-1_"%'`;
    await bench.sql`update platform.breaker set state = 'ramping', changed_at = now() - interval '1 minute', probe_at = null`;
    await ended('completed', 10);
    expect(await totals()).toMatchObject({ excess: 0 });
  });
});

describe('rows of a newer release, which this one cannot read', () => {
  /** As many as are taken at once, and more; due for an hour. */
  const unreadable = (count: number) =>
    bench.sql`
      insert into activation.activation (id, business_key, service_type, revision, phase, due_at, platform, doc)
      select gen_random_uuid(), 'newer ' || n, ${testType}, 1, 'unheardOf', now() - interval '1 hour', 'ipam', '{"phase": "unheardOf"}'
      from generate_series(1, ${count}) n`;
  const readable = () => bench.sql`select phase from activation.activation where phase <> 'unheardOf'`;

  test('keep no activation from its turn', async () => {
    await unreadable(32);
    await leftWaiting(1);
    await vi.waitFor(async () => expect(await readable()).toEqual([{ phase: 'completed' }]), soon);
  });
});

/** Activations whose first call is due for a minute, and was never made. */
async function leftWaiting(count: number): Promise<void> {
  const command = aCommand({ serviceType: testType, requested: { prefixLength: 29 } });
  const { steps } = rulesOf(prefixes);
  const waiting = Array.from({ length: count }, (_, at) => {
    const own = { ...command, itemId: `waiting-${at}`, serviceId: `waiting-${at}` };
    const [first, ...rest] = planFor(own, steps).map(entryOf);
    if (first === undefined) throw new Error('the plan is empty');
    const [activation] = [fresh(derivedId(own.orderId, own.itemId, own.action), own, rulesOf(prefixes))];
    return {
      ...activation,
      revision: 1,
      entries: [{ ...first, state: 'waiting' as const, attempt: 1 }, ...rest],
      dueAt: new Date(Date.now() - 60_000),
    };
  });
  await bench.sql.begin((tx) =>
    Promise.all(activations({ contents: createContents(serviceSpecification) }).save(tx, waiting)),
  );
}
