import { orderManagementQueue } from '../../contracts/topology.ts';
import { derivedId } from '../../ops/platform/ids.ts';
import { alarmsOf } from '../../ops/platform/messaging/alarms.ts';
import { done } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { decompose } from './decomposition/decompose.decide.ts';
import { chooseRules } from './decomposition/rules.decide.ts';
import { onDue } from './due.decide.ts';
import { handlersOf } from './handlers.ts';
import type { Tools } from './order.state.ts';
import { productOrderRows, productOrders } from './product-order.store.ts';

/**
 * Order management: accepts product orders, makes them into service orders, and brings each to an end that its customer
 * can rely on.
 *
 * @param outsideTypes service types whose orders are placed with an outside endpoint
 */
export function startOrderManagement(dependencies: RoleDependencies, outsideTypes: ReadonlySet<string>): RunningRole {
  const tools: Tools = { idOf: derivedId, outsideTypes, chooseRules, decompose };
  const worker = startWorker(dependencies, {
    queue: orderManagementQueue,
    worker: 'order-management',
    handlers: handlersOf(productOrders, tools),
    alarms: alarmsOf({
      of: productOrders,
      rows: productOrderRows,
      decide: (state, { now }) => done(onDue(state, { now, cause: 'the alarm', tools })),
    }),
  });
  return {
    troubles: worker.troubles,
    async stop() {
      await worker.stop();
    },
  };
}
