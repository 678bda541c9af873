import { refusedServices, single, squatter, stubborn, stubbornServices } from '../kinds.ts';
import type { Fault } from '../network-control.ts';
import { emptyPool, orderMix } from '../order-mix.ts';
import { squatters } from '../products/kinds.ts';
import { productKinds } from '../products/mix.ts';
import type { Scenario } from './scenario.ts';

const refusing = (match: string, manager: string, operation: string): Fault => ({
  manager,
  operation,
  kind: 'refuse',
  match: { serviceRef: match },
});

/** Nothing is broken: shows that the verdicts hold when they must, and makes services that later orders change. */
export const calm: Scenario = {
  name: 'calm',
  title: 'nothing breaks',
  async play(drill) {
    const { network } = drill.stage;
    await network.add([
      refusing(refusedServices, 'olt', 'configure'),
      refusing(refusedServices, 'ipam', 'update'),
      refusing(refusedServices, 'cpe', 'configure'),
    ]);
    await drill.order([squatter('calm-squatter'), ...squatters('calm-holder')]);
    await drill.quiet();
    const types = ['broadband', 'ip-addressing', 'managed-router'] as const;
    await drill.order([
      ...orderMix('calm', 31, emptyPool),
      ...[1, 2, 3, 4, 5, 6].map((n) => stubborn(`calm-stubborn-${n}`, n)),
      ...types.flatMap((type) => [1, 2, 3, 4].map((n) => single(`calm-${type}-${n}`, n, type))),
    ]);
    await drill.order(orderMix('calm-products', 40, emptyPool, 1, productKinds));
    await drill.quiet();
    await network.add([refusing(stubbornServices, 'ipam', 'update')]);
  },
};
