import { productInventoryQueue } from '../../contracts/topology.ts';
import { alarmsOf } from '../../ops/platform/messaging/alarms.ts';
import { done } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { onDue } from './consistency.decide.ts';
import { handlers } from './handlers.ts';
import { productRows, inventory } from './product.store.ts';

/** Product inventory: what customers have, one order at a time changing it, in agreement with the services behind it. */
export function startProductInventory(dependencies: RoleDependencies): RunningRole {
  const worker = startWorker(dependencies, {
    queue: productInventoryQueue,
    worker: 'product-inventory',
    handlers,
    alarms: alarmsOf({
      of: inventory,
      rows: productRows,
      decide: (_state, { body, now }, get) => done(onDue(get, body.id, now)),
    }),
  });
  return {
    troubles: worker.troubles,
    async stop() {
      await worker.stop();
    },
  };
}
