import { productKinds } from '../products/mix.ts';
import { kill } from './kill.ts';
import type { Scenario } from './scenario.ts';

/** Customers order products: `kill -9` of what stands between them and their services, and of what carries those out. */
export const products: Scenario = {
  name: 'products',
  title: 'product orders, and kill -9 of every role they pass',
  paceMs: 700,
  mix: productKinds,
  async play(drill) {
    const { fleet } = drill.stage;
    for (const role of ['order-management', 'product-inventory', 'service-ordering', 'service-inventory', 'projector'])
      await drill.blow(`${role}-1 is killed`, () => kill(fleet.of(role)[0]));
    await drill.flowing();
    await drill.blow('all of order management and product inventory is killed', () =>
      kill(...fleet.of('order-management'), ...fleet.of('product-inventory')),
    );
    await drill.blow('both activators are killed', () => kill(...fleet.of('activator')));
  },
};
