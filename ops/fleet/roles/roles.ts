import { startGateway } from '../../../gateway/server.ts';
import { startExpectations } from '../../../gateway/views/expectations.ts';
import { startActivators } from '../../../workers/activators/worker.ts';
import type { RoleDependencies, RunningRole } from '../../../workers/runtime/role.ts';
import { startServiceInventory, startServiceOrdering } from './owners.ts';
import { startProjector } from './projector.ts';

type StartRole = (dependencies: RoleDependencies) => RunningRole | Promise<RunningRole>;

/** Every role of the fleet by name. */
export const roles: Readonly<Record<string, StartRole>> = {
  gateway: async (dependencies) => {
    const gateway = await startGateway(dependencies);
    const expectations = startExpectations(dependencies.sql, dependencies.relay, dependencies.log);
    return { troubles: () => [], stop: () => Promise.all([gateway.stop(), expectations.stop()]).then(() => undefined) };
  },
  projector: startProjector,
  'service-ordering': startServiceOrdering,
  'service-inventory': startServiceInventory,
  activator: startActivators,
};
