import { startGateway } from '../../../gateway/server.ts';
import { startActivators } from '../../../workers/activators/worker.ts';
import { startOutsideOrdering } from '../../../workers/outside-ordering/worker.ts';
import type { RoleDependencies, RunningRole } from '../../platform/messaging/role.ts';
import { activatorOutlines } from '../../../workers/activators/registry.ts';
import { startOrderManagement } from '../../../workers/order-management/worker.ts';
import { startProductInventory } from '../../../workers/product-inventory/worker.ts';
import { startServiceInventory } from '../../../workers/service-inventory/worker.ts';
import { startServiceOrdering } from '../../../workers/service-ordering/worker.ts';
import { startProjector } from '../../../gateway/views/projector.ts';

type StartRole = (dependencies: RoleDependencies) => RunningRole | Promise<RunningRole>;

/** Every role of the fleet by name. */
export const roles: Readonly<Record<string, StartRole>> = {
  gateway: async (dependencies) => {
    const gateway = await startGateway(dependencies);
    return { troubles: () => [], stop: () => gateway.stop() };
  },
  projector: startProjector,
  'service-ordering': async (dependencies) => startServiceOrdering(dependencies, await activatorOutlines()),
  'service-inventory': startServiceInventory,
  'order-management': (dependencies) =>
    startOrderManagement(dependencies, new Set(dependencies.configuration.outsideTypes)),
  'product-inventory': startProductInventory,
  'outside-ordering': startOutsideOrdering,
  activator: startActivators,
};
