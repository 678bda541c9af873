import { describe, expect, test } from 'vitest';
import { cancelProductOrder, type ProductOrderCancellation } from '../../../contracts/messages/order-management.ts';
import { productOrderCancellationStates } from '../../../contracts/states/product-order.ts';
import { cancelProductOrderCreate, cancelProductOrder as tmfTask } from '../../../contracts/tmf/tmf622.ts';
import { toCancellation, toCancellationView } from './cancellation.translate.ts';
import { cancelProductOrderResource } from './descriptor.ts';

const at = '2026-03-01T12:00:00.000Z';
const body = cancelProductOrderCreate.parse({
  cancellationReason: 'Ordered twice',
  requestedCancellationDate: at,
  productOrder: { id: 'o', name: 'my order' },
  colour: 'red',
});
const aCancellation = (over: Partial<ProductOrderCancellation> = {}): ProductOrderCancellation => ({
  ...{ id: 'c', revision: 1, orderId: 'o', state: 'acknowledged', requestedAt: at },
  ...over,
});

test('a task on its way in is what the fleet understands', () => {
  const command = toCancellation(body, 'c');
  expect(cancelProductOrder.schema.parse(command)).toEqual(command);
  expect(command).toEqual({ id: 'c', orderId: 'o', reason: 'Ordered twice', notBefore: at });
  expect(toCancellation({ productOrder: { id: 'o' } }, 'c')).toEqual({ id: 'c', orderId: 'o' });
});

describe('a task on its way out', () => {
  test.each(productOrderCancellationStates)('%s is a TMF622 task', (state) => {
    const view = toCancellationView(aCancellation({ state }), body);
    expect(tmfTask.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      id: 'c',
      state,
      colour: 'red',
      cancellationReason: 'Ordered twice',
      requestedCancellationDate: at,
      productOrder: { id: 'o', name: 'my order', '@referredType': 'ProductOrder' },
    });
  });

  test('says when it was done, and only then', () => {
    const done = toCancellationView(aCancellation({ state: 'done', effectiveAt: at }), body);
    expect(done).toMatchObject({ effectiveCancellationDate: at, completionMessage: expect.any(String) });
    const taken = toCancellationView(aCancellation(), body);
    for (const name of ['effectiveCancellationDate', 'completionMessage', 'errorMessage'])
      expect(taken).not.toHaveProperty(name);
  });

  test('says why it could not be done', () => {
    const failure = { code: 'pointOfNoReturn', reason: 'It is too late.' };
    expect(toCancellationView(aCancellation({ state: 'terminatedWithError', failure }), body)).toMatchObject({
      completionMessage: expect.stringContaining('It is too late.'),
      errorMessage: { code: 'pointOfNoReturn', reason: 'It is too late.' },
    });
  });

  test('is made of what the fleet knows where no client sent it, and leads to its order', () => {
    const view = toCancellationView(aCancellation({ reason: 'r', notBefore: at }), undefined);
    expect(view).toEqual({
      '@type': 'CancelProductOrder',
      id: 'c',
      state: 'acknowledged',
      cancellationReason: 'r',
      requestedCancellationDate: at,
      productOrder: { id: 'o', '@referredType': 'ProductOrder' },
    });
    expect(cancelProductOrderResource.present?.(view, 'http://h')).toMatchObject({
      productOrder: { href: 'http://h/tmf-api/productOrderingManagement/v4/productOrder/o' },
    });
  });
});
