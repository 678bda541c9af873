import { expect, test } from 'vitest';
import { type ActivateItem, activateItem, cancelItem } from './activation.ts';
import { namesOf, send, spelled } from './message.ts';
import { referenceTo, type ServiceSpecification } from './service-catalog.ts';

const specification: ServiceSpecification = {
  id: 'line',
  version: '1.0',
  revision: 1,
  name: 'Line',
  lifecycleStatus: 'active',
  serviceType: 'voice',
  characteristics: [],
  resourceRequirements: [],
  requires: [],
  configurationTemplate: {},
  activation: {},
};
const item = (over: Partial<ActivateItem> = {}): ActivateItem => ({
  orderId: 'order',
  itemId: 'item',
  action: 'add',
  serviceId: 'service',
  serviceType: 'voice',
  claimNumber: 1,
  requested: {},
  previous: {},
  supporting: [],
  specification,
  ...over,
});
const referring = item({ specification: referenceTo(specification, 'digest') });
const cancellation = (of: ActivateItem) => ({ item: of, stage: 'assess' as const, round: 1, claimNumber: 2 });

test('the release before is sent specifications whole, under the name it knows', () => {
  const begun = spelled(send(activateItem, item()), 'previous');
  expect(begun).toMatchObject({ definition: { name: 'activation.activate-item.v1' }, body: item() });
  expect(begun?.definition.route(begun.body)).toBe('activator.voice');
  const cancelled = spelled(send(cancelItem, cancellation(item())), 'previous');
  expect(cancelled).toMatchObject({ definition: { name: 'activation.cancel-item.v1' }, body: cancellation(item()) });
  expect(cancelled?.definition.route(cancelled.body)).toBe('activator.voice.control');
});

test('the release before has no word for a reference', () => {
  expect(() => spelled(send(activateItem, referring), 'previous')).toThrow(
    'cannot be said as activation.activate-item.v1',
  );
  expect(() => spelled(send(cancelItem, cancellation(referring)), 'previous')).toThrow('cannot be said as');
  expect(activateItem.previous?.schema.safeParse(referring).success).toBe(false);
});

test('what the release before sent is taken as it is', () => {
  expect(namesOf(activateItem)).toEqual(['activation.activate-item.v2', 'activation.activate-item.v1']);
  expect(activateItem.previous?.upgrade(activateItem.previous.schema.parse(item()))).toEqual(item());
  expect(cancelItem.previous?.upgrade(cancelItem.previous.schema.parse(cancellation(item())))).toEqual(
    cancellation(item()),
  );
});

test('a reference stays a reference, and what is whole stays whole', () => {
  expect(activateItem.schema.parse(referring)).toEqual(referring);
  expect(activateItem.schema.parse(item())).toEqual(item());
});
