import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type System, sampleOrder, startSystem } from '../../testing/system.ts';
import { type Testbed, createTestbed } from '../../testing/testbed.ts';
import { soon } from '../../testing/workbench.ts';
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

async function traceOf(orderId: string): Promise<Trace> {
  const records = await readRecords(system.sql, orderId);
  if (records === undefined) throw new Error(`nothing is kept of order ${orderId}`);
  return timelineOf(orderId, records);
}

/** Places the sample order and waits for its end. */
async function completed(): Promise<Trace> {
  const answer = await system.request(orders, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await sampleOrder('business-internet')),
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
    trace = await completed();
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

test('an order that nobody knows has no trace', async () => {
  expect(await readRecords(system.sql, '01a20a4d-c717-721d-8509-5c150b449841')).toBeUndefined();
});
