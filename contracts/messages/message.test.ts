import { expect, test } from 'vitest';
import * as z from './open-schema.ts';
import { command, event, namesOf, previousVersion, send, spelled } from './message.ts';

const body = z.object({ id: z.string(), weightG: z.int() });
const old = z.object({ id: z.string(), weightKg: z.int() });
const previous = (name: string) =>
  previousVersion<typeof old, z.output<typeof body>>({
    name,
    body: old,
    upgrade: ({ weightKg, ...rest }) => ({ ...rest, weightG: weightKg * 1000 }),
    downgrade: ({ weightG, ...rest }) => (weightG % 1000 === 0 ? { ...rest, weightKg: weightG / 1000 } : undefined),
  });
const weigh = command('shop.weigh.v2', {
  body,
  to: ({ id }) => `scale.${id}`,
  whenGivenUp: 'warn',
  previous: previous('shop.weigh.v1'),
});
const weighed = event('shop.weighed.v2', { body, previous: previous('shop.weighed.v1') });

test('the release before is sent a message as it was spelled, under the name it knows', () => {
  expect(spelled(send(weigh, { id: 'a', weightG: 2000 }), 'current').definition.name).toBe('shop.weigh.v2');
  const sent = spelled(send(weigh, { id: 'a', weightG: 2000 }), 'previous');
  expect(sent).toMatchObject({ definition: { name: 'shop.weigh.v1' }, body: { id: 'a', weightKg: 2 } });
  expect(sent.definition.route(sent.body)).toBe('scale.a');
  const told = spelled(send(weighed, { id: 'a', weightG: 2000 }), 'previous');
  expect(told.definition.route(told.body)).toBe('shop.weighed.v1');
});

test('what the version before has no word for is a failure, and is not left out', () => {
  expect(() => spelled(send(weigh, { id: 'a', weightG: 1 }), 'previous')).toThrow('cannot be said as shop.weigh.v1');
});

test('what the release before sent is taken, with what it added', () => {
  expect(namesOf(weigh)).toEqual(['shop.weigh.v2', 'shop.weigh.v1']);
  const parsed = weigh.previous?.schema.parse({ id: 'a', weightKg: 2, more: 1 });
  expect(weigh.previous?.upgrade(parsed)).toEqual({ id: 'a', weightG: 2000, more: 1 });
});
