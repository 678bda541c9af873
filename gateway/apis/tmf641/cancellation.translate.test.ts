import { describe, expect, test } from 'vitest';
import {
  cancelServiceOrder,
  cancellationStates,
  type Cancellation,
} from '../../../contracts/messages/service-ordering.ts';
import { cancelServiceOrderCreate, cancelServiceOrder as tmfTask } from '../../../contracts/tmf/tmf641.ts';
import { toCancellation, toCancellationView } from './cancellation.translate.ts';

const at = '2026-03-01T12:00:00.000Z';
const body = cancelServiceOrderCreate.parse({
  cancellationReason: 'Ordered twice',
  requestedCancellationDate: at,
  serviceOrder: { id: 'o', name: 'my order' },
  colour: 'red',
});
const aCancellation = (over: Partial<Cancellation> = {}): Cancellation => ({
  ...{ id: 'c', revision: 1, orderId: 'o', state: 'accepted', requestedAt: at },
  ...over,
});

test('a task on its way in is what the fleet understands', () => {
  const command = toCancellation(body, 'c');
  expect(cancelServiceOrder.schema.parse(command)).toEqual(command);
  expect(command).toEqual({ id: 'c', orderId: 'o', reason: 'Ordered twice', notBefore: at });
  expect(toCancellation({ serviceOrder: { id: 'o' } }, 'c')).toEqual({ id: 'c', orderId: 'o' });
});

describe('a task on its way out', () => {
  test.each(cancellationStates)('%s is a TMF641 task', (state) => {
    const view = toCancellationView(aCancellation({ state }), body);
    expect(tmfTask.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      id: 'c',
      state,
      colour: 'red',
      cancellationReason: 'Ordered twice',
      requestedCancellationDate: at,
      serviceOrder: { id: 'o', name: 'my order', '@referredType': 'ServiceOrder' },
    });
  });

  test('says when it was done, and only then', () => {
    const done = toCancellationView(aCancellation({ state: 'done', effectiveAt: at }), body);
    expect(done).toMatchObject({ effectiveCancellationDate: at, completionMessage: expect.any(String) });
    const accepted = toCancellationView(aCancellation(), body);
    for (const name of ['effectiveCancellationDate', 'completionMessage', 'errorMessage'])
      expect(accepted).not.toHaveProperty(name);
  });

  test('says why it could not be done', () => {
    const failure = { code: 'pointOfNoReturn', reason: 'It is too late.' };
    expect(toCancellationView(aCancellation({ state: 'terminatedWithError', failure }), body)).toMatchObject({
      completionMessage: expect.stringContaining('It is too late.'),
      errorMessage: { code: 'pointOfNoReturn', reason: 'It is too late.' },
    });
  });

  test('is made of what the fleet knows where no client sent it', () => {
    const view = toCancellationView(aCancellation({ reason: 'r', notBefore: at }), undefined);
    expect(view).toEqual({
      '@type': 'CancelServiceOrder',
      id: 'c',
      state: 'accepted',
      cancellationReason: 'r',
      requestedCancellationDate: at,
      serviceOrder: { id: 'o', '@referredType': 'ServiceOrder' },
    });
  });
});
