import { startActivator } from '../activation/index.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { activatorTypes, loadActivators } from './registry.ts';

/** The activator role: runs the service types the configuration names, all of them unless told. */
export async function startActivators(dependencies: RoleDependencies): Promise<RunningRole> {
  const activators = await loadActivators(dependencies.configuration.SERVICE_TYPES ?? (await activatorTypes()));
  const running = activators.map((activator) => startActivator(activator, dependencies));
  return {
    troubles: () => running.flatMap((one) => one.troubles()),
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}
