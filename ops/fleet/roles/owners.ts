import { send } from '../../../contracts/messages/message.ts';
import { cancellationChanged } from '../../../contracts/messages/service-ordering.ts';
import { activatorOutlines } from '../../../workers/activators/registry.ts';
import type { RoleDependencies, RunningRole } from '../../../workers/runtime/role.ts';
import { startHerald } from '../../../workers/runtime/herald/herald.ts';
import { changed as serviceChanged } from '../../../workers/service-inventory/service.state.ts';
import { services } from '../../../workers/service-inventory/service.store.ts';
import { startServiceInventory as startInventory } from '../../../workers/service-inventory/worker.ts';
import { changed as orderChanged } from '../../../workers/service-ordering/finish.decide.ts';
import { type KeptCancellation, findCancellations } from '../../../workers/service-ordering/cancellation.store.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import { startServiceOrdering as startOrdering } from '../../../workers/service-ordering/worker.ts';

/**
 * Service ordering, with what the activators declare, and with the herald that makes up for events that were lost on their
 * way to the views.
 */
export const startServiceOrdering = async (dependencies: RoleDependencies): Promise<RunningRole> =>
  together(
    startOrdering(dependencies, await activatorOutlines()),
    startHerald(dependencies, {
      resource: 'serviceOrder',
      table: 'service_ordering.service_order',
      of: serviceOrders,
      changed: orderChanged,
    }),
    startHerald(dependencies, {
      resource: 'cancelServiceOrder',
      table: 'service_ordering.cancellation',
      of: { load: findCancellations },
      changed: (kept: KeptCancellation) => send(cancellationChanged, kept),
    }),
  );

/** Service inventory, likewise. */
export const startServiceInventory = (dependencies: RoleDependencies): RunningRole =>
  together(
    startInventory(dependencies),
    startHerald(dependencies, {
      resource: 'service',
      table: 'service_inventory.service',
      of: services,
      changed: serviceChanged,
    }),
  );

const together = (role: RunningRole, ...heralds: readonly { stop(): Promise<void> }[]): RunningRole => ({
  troubles: () => role.troubles(),
  async stop() {
    await Promise.all([role, ...heralds].map((one) => one.stop()));
  },
});
