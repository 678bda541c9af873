import { serviceInventoryQueue } from '../../contracts/topology.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { handlers } from './handlers.ts';

/** Service inventory: the authoritative deployed state, with one writer. */
export function startServiceInventory(dependencies: RoleDependencies): RunningRole {
  const worker = startWorker(dependencies, { queue: serviceInventoryQueue, worker: 'service-inventory', handlers });
  return {
    troubles: worker.troubles,
    stop: () => worker.stop(),
  };
}
