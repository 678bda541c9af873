import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type System, sampleOrder, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { soon } from '../../verify/testbed/workbench.ts';
import { textOf } from './show.ts';
import { type Trace, type TraceEvent, timelineOf } from './timeline.ts';
import { readRecords } from './trace.store.ts';

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

const orders = '/tmf-api/serviceOrdering/v4/serviceOrder';
const productOrders = '/tmf-api/productOrderingManagement/v4/productOrder';

async function traceOf(orderId: string): Promise<Trace> {
  const records = await readRecords(system.sql, orderId);
  if (records === undefined) throw new Error(`nothing is kept of order ${orderId}`);
  return timelineOf(orderId, records);
}

/** Places a sample order and waits for its end. */
async function completed(name: string, path = orders): Promise<Trace> {
  const answer = await system.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await sampleOrder(name)),
  });
  const { id } = (await answer.json()) as { id: string };
  return vi.waitUntil(async () => {
    const trace = await traceOf(id);
    return trace.state === 'completed' ? trace : undefined;
  }, soon);
}

const causesOf = (trace: Trace, event: TraceEvent | undefined): string[] => {
  const cause = trace.events.find(({ id }) => id === event?.cause);
  return cause === undefined ? [] : [...causesOf(trace, cause), cause.what];
};

describe('the trace of an order', () => {
  let trace: Trace;
  beforeAll(async () => {
    await system.network.add([{ manager: 'ipam', operation: 'allocate', kind: 'lost-answer', count: 1 }]);
    trace = await completed('business-internet');
  });

  test('shows the call whose answer was lost, that nobody knew, and the read-back that found it', () => {
    const allocate = trace.events.filter(({ kind, by }) => kind === 'call' && by === 'ipam').slice(0, 2);
    expect(allocate.map(({ what, outcome, attempt }) => `${attempt} ${what}: ${outcome}`)).toEqual([
      '1 call apply allocate-prefix: unknown',
      '2 read apply allocate-prefix: landed',
    ]);
    expect(allocate[1]?.cause).toBe(allocate[0]?.id);
    expect(allocate[1]?.waited?.ms).toBeGreaterThanOrEqual(0);
  });

  test('leads from the HTTP request to each platform call, message by message', () => {
    const calls = trace.events.filter(({ kind, attempt }) => kind === 'call' && attempt === 1);
    expect(calls.length).toBeGreaterThanOrEqual(5);
    for (const call of calls) {
      const causes = causesOf(trace, call);
      expect(causes.slice(0, 4)).toEqual([
        `POST ${orders}`,
        'accept service order',
        'claim services',
        'services claimed',
      ]);
      expect(causes.at(-1)).toMatch(/^(activate item|(call|read) apply .*)$/);
    }
  });

  test('has every message with its cause before it, and none that nobody caused', () => {
    const seen = new Set<string | null>();
    for (const event of trace.events) {
      expect(event.kind === 'request' || seen.has(event.cause), `${event.what} ${event.id}`).toBe(true);
      seen.add(event.id);
    }
  });

  test('says in its text who did what, and how it ended', () => {
    const lines = textOf(trace).split('\n');
    expect(lines[0]).toBe(`order ${trace.orderId}, accepted ${trace.acceptedAt}`);
    expect(lines.at(-1)).toMatch(/^completed after [\d.]+ m?s$/);
    expect(lines.find((line) => line.includes('call apply allocate-prefix'))).toMatch(
      /ipam +· call apply allocate-prefix .* unknown, in .*"/,
    );
    expect(lines.find((line) => line.includes('read apply allocate-prefix'))).toMatch(/landed, in .*, try 2, after /);
    expect(lines.some((line) => line.includes('gateway.projector'))).toBe(false);
    expect(textOf(trace, true)).toContain('gateway.projector');
  });
});

describe('the trace of a product order', () => {
  let trace: Trace;
  beforeAll(async () => {
    trace = await completed('home-bundle.product-order', productOrders);
  });

  test('has the five stages, each after the one before', () => {
    expect(trace.stages?.map(({ stage, by }) => `${by}: ${stage}`)).toEqual([
      'gateway: receive',
      'gateway: translate',
      'order-management: map',
      'order-management: decompose',
      'order-management: submit',
    ]);
    const times = trace.stages?.map(({ offsetMs }) => offsetMs) ?? [];
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(trace.stages?.find(({ stage }) => stage === 'map')?.what).toMatch(/home-bundle 1\.0 rule \d/);
  });

  test('leads from the HTTP request over claims and service orders to each platform call', () => {
    const calls = trace.events.filter(({ kind, attempt }) => kind === 'call' && attempt === 1);
    expect(new Set(calls.map(({ item }) => item))).toEqual(new Set(['access', 'line', 'subscription']));
    for (const call of calls) {
      const causes = causesOf(trace, call);
      expect(causes.slice(0, 6)).toEqual([
        `POST ${productOrders}`,
        'accept product order',
        'claim products',
        'products claimed',
        ...['accept service order', 'claim services'],
      ]);
      expect(trace.serviceOrders?.find(({ id }) => id === call.serviceOrderId)?.item).toBe(call.item);
    }
  });

  test('has every transition under the message that caused it, and every message under its own', () => {
    const transitions = trace.events.filter(({ kind }) => kind === 'transition');
    expect(transitions.filter(({ what }) => what.startsWith('order ')).map(({ what }) => what)).toEqual([
      'order received',
      'order received → validated',
      'order validated → decomposed',
      'order decomposed → inProgress',
      'order inProgress → completed',
    ]);
    const seen = new Set<string | null>();
    for (const event of trace.events) {
      expect(event.kind === 'request' || seen.has(event.cause), `${event.what} ${event.id}`).toBe(true);
      seen.add(event.id);
    }
  });

  test('ends with its service orders and products, in its text too', () => {
    expect(trace.serviceOrders?.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed']);
    expect(trace.products?.map(({ status }) => status)).toEqual(['active', 'active', 'active', 'active']);
    const text = textOf(trace);
    const lines = text.split('\n');
    expect(lines[0]).toBe(`product order ${trace.orderId}, accepted ${trace.acceptedAt}`);
    expect(lines.slice(1, 6).map((line) => line.trim().split(' ')[0])).toEqual(trace.stages?.map(({ stage }) => stage));
    expect(text).toMatch(/» order validated → decomposed .*"decompose: 4 products, 3 service orders"/);
    expect(text).toMatch(/claim products/);
    expect(text).toMatch(/record products/);
    expect(text).toMatch(/accept service order \(line\)/);
    expect(text).toMatch(/ product [0-9a-f-]{36} {2}active +home-bundle/);
    expect(lines.at(-1)).toMatch(/^completed after [\d.]+ m?s$/);
  });

  test('is the story of each service order too, which begins with the message that placed it', async () => {
    const placed = trace.serviceOrders?.find(({ item }) => item === 'line');
    const own = await traceOf(placed?.id ?? '');
    expect(own).toMatchObject({ state: 'completed', productOrderId: trace.orderId });
    expect(own.events[0]).toMatchObject({ what: 'accept service order', cause: null, offsetMs: expect.any(Number) });
    expect(own.events.filter(({ cause }) => cause === null)).toHaveLength(1);
    expect(own.events.filter(({ kind }) => kind === 'call').map(({ id }) => id)).toEqual(
      trace.events.filter(({ kind, item }) => kind === 'call' && item === 'line').map(({ id }) => id),
    );
    expect(own.events.some(({ by, what }) => by === 'order-management' && what === 'service order changed')).toBe(true);
    expect(textOf(own).split('\n')[0]).toContain(`placed for product order ${trace.orderId}`);
  });
});

test('an order that nobody knows has no trace', async () => {
  expect(await readRecords(system.sql, '01a20a4d-c717-721d-8509-5c150b449841')).toBeUndefined();
});
