import { serviceOrderingQueue } from '../../contracts/topology.ts';
import { alarmsOf } from '../../ops/platform/messaging/alarms.ts';
import { done } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { handlersOf } from './handlers.ts';
import { type DeclaredActivator, activatorsByType } from './plan.ts';
import { onDue } from './service-order.decide.ts';
import { startObservations } from './observations.ts';
import { serviceOrderRows, serviceOrders } from './service-order.store.ts';

/**
 * Service ordering: accepts service orders, runs their item graphs, rolls outcomes up. It provisions nothing.
 *
 * @param activators what is declared of every service type, to tell what an order would come to
 */
export function startServiceOrdering(
  dependencies: RoleDependencies,
  activators: readonly DeclaredActivator[],
): RunningRole {
  const { sql, log } = dependencies;
  const observations = startObservations(sql, log);
  const of = { ...serviceOrders, committed: observations.committed };
  const worker = startWorker(dependencies, {
    queue: serviceOrderingQueue,
    worker: 'service-ordering',
    handlers: handlersOf(of, activatorsByType(activators)),
    alarms: alarmsOf({
      of,
      rows: serviceOrderRows,
      decide: (state, { now }) => done(onDue(state, now)),
    }),
  });
  return {
    troubles: worker.troubles,
    async stop() {
      await worker.stop();
      await observations.stop();
    },
  };
}
