import { expect, test } from 'vitest';
import { type ShownProductPlan, productPlanLines } from './product-plan.ts';

const specification = { id: 'voice-line', version: '1.0' };
const plan: ShownProductPlan = {
  verdict: 'acceptable',
  faults: [],
  notPlanned: [{ itemId: '2', code: 'unknownProduct', reason: 'It exists.' }],
  products: [
    {
      ...{ id: 'b', itemId: 'home', unit: 1, action: 'add', optional: false, status: 'active', rule: '1' },
      ...{ specification: { id: 'home-bundle', version: '1.0' }, characteristics: { speed: 0.5 } },
    },
    {
      ...{ id: 'v', itemId: 'home', unit: 2, action: 'add', optional: true, status: 'active', rule: '3' },
      ...{ bundle: { name: 'voice' }, specification, characteristics: {} },
    },
  ],
  serviceOrders: [
    {
      ...{ id: 's', productId: 'v', component: 'line', action: 'modify', operatingStatus: 'suspended', optional: true },
      ...{ serviceType: 'voice', specification: { id: 'voice-service' }, changes: { codec: 'G.711' } },
      ...{ dependsOn: [{ id: 's' }], standsOn: [{ serviceId: 'x', component: 'access' }, { serviceId: 'y' }] },
      because: { specification, rule: '3', reasons: ['codec = "Opus": the rule says so'] },
    },
  ],
};

test('a plan says what products it comes to, by which service orders, by which rule, and what is left out', () => {
  expect(productPlanLines(plan)).toEqual([
    'acceptable: 2 products, 1 service order',
    'item home #1         add  home-bundle 1.0  rule 1  becomes active',
    '      with       speed=0.5',
    '  part voice #2      add  voice-line 1.0  rule 3  becomes active  optional',
    '   1 modify line  voice (voice-service)  suspended  optional',
    '      after      1',
    '      stands on  access, y',
    '      was        codec="G.711"',
    '      by         voice-line 1.0, rule 3',
    '        codec = "Opus": the rule says so',
    'not planned',
    '  item 2  unknownProduct: It exists.',
  ]);
});

test('a rejection says why', () => {
  const faults = [{ itemId: 'home', code: 'noRule', reason: 'No rule.' }];
  const lines = productPlanLines({ verdict: 'rejected', faults, products: [], serviceOrders: [], notPlanned: [] });
  expect(lines).toEqual(['rejected', '  item home  noRule: No rule.']);
});
