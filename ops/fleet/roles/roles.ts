import { startGateway } from '../../../gateway/server.ts';
import { startActivators } from '../../../workers/activators/worker.ts';
import type { RoleDependencies, RunningRole } from '../../../workers/runtime/role.ts';
import { startServiceInventory } from '../../../workers/service-inventory/worker.ts';
import { startServiceOrdering } from '../../../workers/service-ordering/worker.ts';
import { startProjector } from './projector.ts';

type StartRole = (dependencies: RoleDependencies) => RunningRole | Promise<RunningRole>;

/** Every role of the fleet by name. */
export const roles: Readonly<Record<string, StartRole>> = {
  gateway: async (dependencies) => {
    const gateway = await startGateway(dependencies);
    return { troubles: () => [], stop: () => gateway.stop() };
  },
  projector: startProjector,
  'service-ordering': startServiceOrdering,
  'service-inventory': startServiceInventory,
  activator: startActivators,
};
