import { describe, expect, test } from 'vitest';
import { textOf } from './show.ts';
import { timelineOf } from './timeline.ts';
import type { Handling, Records } from './trace.store.ts';
import { inWords, spanOfTime } from './words.ts';

const order = '01a20a4d-c717-721d-8509-5c150b449841';
const activation = '0aa0a4d0-c717-521d-8509-5c150b449841';
const noon = Date.parse('2027-01-04T12:00:00.000Z');
const after = (ms: number): Date => new Date(noon + ms);

const handled = (messageId: string, consumer: string, ms: number, over: Partial<Handling> = {}): Handling => ({
  ...{
    messageId,
    correlationId: order,
    consumer,
    attempt: 1,
    causationId: null,
    type: 'service-ordering.accept-service-order.v1',
    about: null,
  },
  ...{ publishedAt: after(ms - 2), at: after(ms), outcome: null, reason: null, againAt: null },
  ...over,
});
const nothing: Records = {
  ...{ acceptedAt: after(0), shown: 'acknowledged', order: undefined },
  ...{ handled: [], waiting: [], activations: [], audit: [] },
};
const traced = (records: Partial<Records>) => timelineOf(order, { ...nothing, ...records });
const shape = (records: Partial<Records>) => traced(records).events.map(({ what, cause, id }) => ({ what, id, cause }));

describe('a trace', () => {
  test('begins with the request, which caused the first command', () => {
    expect(shape({ handled: [handled('a', 'service-ordering', 5)] })).toEqual([
      { what: 'POST /tmf-api/serviceOrdering/v4/serviceOrder', id: 'request', cause: null },
      { what: 'accept service order', id: 'ma/service-ordering/1', cause: 'request' },
    ]);
  });

  test('puts what was caused under its cause, whenever it came', () => {
    const branches = [
      handled('root', 'service-ordering', 1),
      handled('b', 'activator.x', 2, { causationId: 'root', type: 'activation.activate-item.v1', about: 'B' }),
      handled('c', 'activator.y', 3, { causationId: 'root', type: 'activation.activate-item.v1', about: 'C' }),
      handled('b2', 'service-inventory', 9, { causationId: 'b', type: 'service-inventory.record-activation.v1' }),
    ];
    expect(shape({ handled: branches }).map(({ id }) => id.replace(/\/.*/, ''))).toEqual([
      'request',
      'mroot',
      'mb',
      'mb2',
      'mc',
    ]);
  });

  test('of an event that several took, follows the one that can have sent something', () => {
    const both = [
      handled('root', 'service-ordering', 1),
      handled('e', 'service-ordering', 4, { causationId: 'root', type: 'service-inventory.change-settled.v1' }),
      handled('e', 'gateway.projector', 5, { causationId: 'root', type: 'service-inventory.change-settled.v1' }),
      handled('n', 'activator.x', 6, { causationId: 'e', type: 'activation.activate-item.v1' }),
    ];
    expect(shape({ handled: both }).find(({ id }) => id.startsWith('mn/'))?.cause).toBe('me/service-ordering/1');
  });

  test('shows a retry under the failure it makes up for, with what it waited', () => {
    const tries = [
      handled('a', 'service-ordering', 5, { outcome: 'retry', reason: 'locked', againAt: after(200) }),
      handled('a', 'service-ordering', 250, { attempt: 2 }),
    ];
    const [, first, second] = traced({ handled: tries }).events;
    expect(first).toMatchObject({ attempt: 1, outcome: 'retry', reason: 'locked', againAt: after(200).toISOString() });
    expect(second).toMatchObject({ attempt: 2, cause: first?.id, outcome: 'done', waited: { for: 'retry', ms: 245 } });
    expect(textOf(traced({ handled: tries }))).toContain('retry, "locked"');
  });

  test('hangs the calls of a step under the call whose end made them, or under the message, each after the one before', () => {
    const records = {
      handled: [handled('root', 'activator.x', 1, { type: 'activation.activate-item.v1', about: 'line' })],
      activations: [
        {
          ...{ id: activation, phase: 'stalled', position: 1, dueAt: null },
          command: { orderId: order, itemId: 'line', action: 'add', serviceType: 'x' },
          entries: [
            {
              ...{ step: 'reserve', platform: 'olt', direction: 'apply', state: 'landed' },
              log: [{ what: 'call', at: after(10).toISOString(), endedAt: after(60).toISOString(), result: 'landed' }],
            },
            {
              ...{ step: 'configure', platform: 'olt', direction: 'apply', state: 'stalled' },
              failure: { code: 'unknown', reason: 'no answer' },
              log: [
                {
                  what: 'call',
                  at: after(60).toISOString(),
                  endedAt: after(5_060).toISOString(),
                  result: 'unknown',
                  reason: 'no answer',
                },
                { what: 'read', at: after(5_210).toISOString() },
              ],
            },
          ],
        },
      ],
    };
    const { events, open } = traced(records);
    expect(events.map(({ what, by, outcome }) => `${by}: ${what} ${outcome ?? '?'}`)).toEqual([
      'gateway: POST /tmf-api/serviceOrdering/v4/serviceOrder done',
      'activator.x: activate item done',
      'olt: call apply reserve landed',
      'olt: call apply configure unknown',
      'olt: read apply configure ?',
    ]);
    expect(events[2]).toMatchObject({ cause: events[1]?.id });
    expect(events[3]).toMatchObject({ cause: events[2]?.id, item: 'line', durationMs: 5_000, offsetMs: 60 });
    expect(events[4]).toMatchObject({ cause: events[3]?.id, waited: { for: 'lookAgain', ms: 150 } });
    expect(open).toEqual([{ item: 'line', what: 'apply configure on olt: stalled', reason: 'no answer' }]);
    expect(textOf(traced(records))).toContain('not answered yet');
  });

  test('shows what is on its way, but not what arrived a moment ago', () => {
    const row = { causationId: null, attempt: 1, to: 'cmd', since: after(7), dueAt: after(2_007), unroutable: false };
    const waiting = [
      { ...row, messageId: 'a', type: 'service-ordering.accept-service-order.v1' },
      {
        ...row,
        messageId: 'b',
        type: 'service-inventory.claim-services.v1',
        causationId: 'a',
        to: 'service-inventory.dead',
      },
    ];
    const events = traced({ handled: [handled('a', 'service-ordering', 5)], waiting }).events;
    expect(events.slice(2)).toMatchObject([
      { what: 'claim services', outcome: 'deadLettered', cause: 'ma/service-ordering/1' },
    ]);
  });

  test('of another clock than the database shows no time before the request', () => {
    const early = handled('a', 'service-ordering', -600_000, { publishedAt: after(900_000) });
    expect(traced({ handled: [early] }).events[1]).toMatchObject({ offsetMs: 0, waited: { ms: 0 } });
  });

  test('ends with the state, and once it has ended, how long it took', () => {
    const request = { orderDate: after(0).toISOString() };
    const ended = { state: 'failed' as const, completedAt: after(1_500).toISOString(), request };
    expect(
      textOf(traced({ order: ended }))
        .split('\n')
        .at(-1),
    ).toBe('failed after 1.50 s');
    expect(
      textOf(traced({ order: { state: 'held', request } }))
        .split('\n')
        .at(-1),
    ).toBe('held');
    expect(textOf(traced({})).split('\n').at(-1)).toBe('acknowledged');
  });
});

describe('words', () => {
  test('a message is named as people say it', () => {
    expect(inWords('service-inventory.claim-services.v1')).toBe('claim services');
  });

  test.each([
    [12.4, '12 ms'],
    [1_250, '1.25 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms is %s', (ms, words) => {
    expect(spanOfTime(ms)).toBe(words);
  });
});
