import { productInventoryQueue } from '../../contracts/topology.ts';
import { startAlarms } from '../../ops/platform/messaging/alarms.ts';
import { done } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { onDue } from './consistency.decide.ts';
import { handlers } from './handlers.ts';
import { dueProducts, inventory } from './product.store.ts';

/** Product inventory: what customers have, one order at a time changing it, in agreement with the services behind it. */
export function startProductInventory(dependencies: RoleDependencies): RunningRole {
  const { sql, log } = dependencies;
  const worker = startWorker(dependencies, { queue: productInventoryQueue, worker: 'product-inventory', handlers });
  const alarms = startAlarms(sql, worker.lane, log, {
    of: inventory,
    due: dueProducts,
    decide: (_state, { body, now }, get) => done(onDue(get, body.id, now)),
  });
  return {
    troubles: () => (worker.healthy() ? [] : [`not consuming ${worker.queue}`]),
    async stop() {
      await alarms.stop();
      await worker.stop();
    },
  };
}
