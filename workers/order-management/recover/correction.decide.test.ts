import { expect, test } from 'vitest';
import type { RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import type { ServiceOrderRequest } from '../../../contracts/messages/service-ordering.ts';
import { type Correction, correct } from './correction.decide.ts';
import { aProduct, after, noon, tools } from '../orders.fixture.ts';

const [component] = aProduct('p').components;
if (component === undefined) throw new Error('there is no component');
const policy: RecoveryPolicy = {
  serviceType: '*',
  revision: 1,
  cases: { any: [{ do: 'hold' }] },
  repair: { attempts: 2 },
};
const complain = (known: Correction | undefined, revision: number, now = noon, policies = [policy]) =>
  correct(known, { productId: 'p', revision, component }, policies, now, tools);
const idOf = ({ send = [] }: ReturnType<typeof correct>) =>
  (send[0]?.body as { order: ServiceOrderRequest } | undefined)?.order.id;

test('a broken service is ordered to be as it was asked to be', () => {
  const { save, send } = complain(undefined, 4);
  expect(save).toHaveLength(1);
  expect(send?.[0]?.body).toMatchObject({
    order: { items: [{ action: 'modify', serviceId: 'p-first', characteristics: { rate: 10 } }] },
  });
});

test('once for each revision', () => {
  const first = complain(undefined, 4);
  for (const revision of [4, 3]) expect(complain(first.save?.[0], revision, after(60))).toEqual({});
  expect(idOf(complain(first.save?.[0], 5))).not.toBe(idOf(first));
});

test('as often as its policy has it in a day, and not where none speaks of repair', () => {
  const second = complain(complain(undefined, 4).save?.[0], 5).save?.[0];
  expect(complain(second, 6)).toEqual({});
  expect(complain(second, 6, after(24 * 3_600)).save).toHaveLength(1);
  expect(complain(undefined, 4, noon, [{ ...policy, serviceType: 'else' }])).toEqual({});
});
