import { describe, expect, test } from 'vitest';
import type { ServiceOrderAmendment } from '../../contracts/messages/service-ordering.ts';
import { amend, remove } from './amend.decide.ts';
import { accepted, after, anItem, anOrder, claimed, lived, sent, settled } from './orders.fixture.ts';
import type { OrderState } from './order.state.ts';

const commandId = '019f0000-0000-7000-8000-00000000c0de';
const request = { ...anOrder(anItem('a')), description: 'first', externalId: 'x-1' };
const running = lived(accepted(request));
const ended = lived(accepted(request), claimed('a'), settled('a'));

const amended = (state: OrderState | undefined, amendment: ServiceOrderAmendment, expectedRevision?: number) =>
  amend(state, { commandId, id: request.id, expectedRevision }, amendment, after(5));
const removed = (state: OrderState | undefined, expectedRevision?: number) =>
  remove(state, { commandId, id: request.id, expectedRevision }, after(5));
const refusal = (effects: ReturnType<typeof amend>) => {
  expect(effects.save).toBeUndefined();
  return sent(effects, 'command-refused')[0];
};

describe('an amendment', () => {
  test('changes what it names, removes what it names null, leaves the rest, and is one revision', () => {
    const { save, send = [] } = amended(running, { description: 'second', externalId: null }, 1);
    expect(save?.[0]?.order).toMatchObject({ revision: 2, request: { description: 'second', items: request.items } });
    expect(save?.[0]?.order.request).not.toHaveProperty('externalId');
    expect(send).toHaveLength(1);
  });

  test('does not disturb what is awaited', () => {
    expect(amended(running, { priority: '1' }).save?.[0]).toMatchObject({ dueAt: running.dueAt, work: running.work });
  });

  test('computed from a revision that moved on is refused as stale, with where it is now', () => {
    expect(refusal(amended(running, { description: 'x' }, 7))).toMatchObject({
      commandId,
      kind: 'stale',
      reason: expect.stringContaining('at revision 1, not 7'),
    });
  });

  test('of the dates of an order that has ended is refused, of its description is not', () => {
    expect(refusal(amended(ended, { requestedStartDate: after(9).toISOString() }))).toMatchObject({ kind: 'conflict' });
    expect(amended(ended, { description: 'post mortem' }).save).toHaveLength(1);
  });

  test('of an order that is not there, or deleted, is refused', () => {
    expect(refusal(amended(undefined, {}))).toMatchObject({ kind: 'notFound' });
    expect(refusal(amended({ ...ended, deleted: true }, {}))).toMatchObject({ kind: 'notFound' });
  });
});

describe('a delete', () => {
  test('of an order that has ended leaves a tombstone one revision on', () => {
    const { save } = removed(ended);
    expect(save?.[0]).toMatchObject({ deleted: true, dueAt: null, order: { revision: ended.order.revision + 1 } });
    expect(sent(removed(ended), 'service-order-changed')).toMatchObject([{ deleted: true }]);
  });

  test('of an order that runs is refused: it has work in the network', () => {
    expect(refusal(removed(running))).toMatchObject({ kind: 'conflict', code: 'orderRunning' });
  });

  test('at a revision that moved on, or of what is gone, is refused', () => {
    expect(refusal(removed(ended, 1))).toMatchObject({ kind: 'stale' });
    expect(refusal(removed(removed(ended).save?.[0]))).toMatchObject({ kind: 'notFound' });
  });
});
