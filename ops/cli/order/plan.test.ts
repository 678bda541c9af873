import { expect, test } from 'vitest';
import { type ShownPlan, planLines } from './plan.ts';

const item: ShownPlan['items'][number] = {
  itemId: 'router',
  action: 'add',
  state: 'acknowledged',
  serviceType: 'managed-router',
  specification: { id: 'managed-router', version: '1.0', why: 'The order names this version.' },
  characteristics: { model: 'R200', features: ['firewall'] },
  defaults: ['features'],
  waitsFor: { items: ['access'], orders: [{ orderId: 'o-1', itemId: '7' }] },
  standsOn: [{ itemId: 'access', serviceType: 'broadband' }],
  steps: [
    {
      name: 'order',
      direction: 'apply',
      platform: 'partner',
      values: { model: 'R200' },
      optional: false,
      pointOfNoReturn: true,
      external: { deadlineSeconds: 259_200, pollSeconds: 5 },
    },
    { name: 'test', direction: 'apply', platform: 'probe', values: {}, optional: true, pointOfNoReturn: false },
  ],
  leftOut: ['register'],
  partial: 'keep',
  expectedSeconds: 1.5,
};
const plan: ShownPlan = {
  verdict: 'acceptable',
  state: 'pending',
  startsAt: 'noon',
  warnings: ['Late.'],
  items: [item],
};

test('a plan says what is done, by what, after what', () => {
  expect(planLines(plan)).toEqual([
    'acceptable: would be pending until noon',
    '  Late.',
    'item router          acknowledged add  managed-router',
    '  by         managed-router 1.0, The order names this version.',
    '  with       model="R200", features=["firewall"] (default)',
    '  waits for  item access, item 7 of order o-1',
    '  stands on  item access broadband',
    '   1 apply   order on partner  uses model; waits for partner at most 3 days; no way back from here',
    '   2 apply   test on probe  optional, left out if refused',
    '  left out   register',
    '  takes      about 1.5 s',
  ]);
});

test('a rejection says why, and of its items those that are to blame', () => {
  const failure = { code: 'invalidCharacteristic', reason: 'Too fast.' };
  const { steps: _none, ...refused } = item;
  expect(
    planLines({
      ...plan,
      verdict: 'rejected',
      state: 'rejected',
      failure,
      items: [
        { ...refused, itemId: 'b', steps: [] },
        { ...refused, state: 'rejected', failure, steps: [] },
      ],
    }).slice(0, 5),
  ).toEqual([
    'rejected',
    '  invalidCharacteristic: Too fast.',
    '  Late.',
    'item router          rejected     add  managed-router',
    '  invalidCharacteristic: Too fast.',
  ]);
});
