import { send } from '../../../contracts/messages/message.ts';
import {
  acceptServiceOrder,
  amendServiceOrder,
  deleteServiceOrder,
} from '../../../contracts/messages/service-ordering.ts';
import { type ServiceOrderCreate, serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { Api } from '../../tmf630/api.ts';
import type { BoundaryOptions } from '../../tmf630/boundary.ts';
import { isDryRun } from '../../tmf630/dry-run.ts';
import { notFound, refuse } from '../../tmf630/errors.ts';
import { requireMatch } from '../../tmf630/etag.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { cancellationRoutes } from './cancellation.routes.ts';
import { cancelServiceOrderResource, serviceOrderResource as resource } from './descriptor.ts';
import { toQuestion } from './dry-run.ts';
import { acknowledged, toAmendment, toRequest, toSubmitted } from './translate.ts';

/** TMF641 Service Ordering: routes and two translations; the task that cancels an order is a resource of its own. */
export function serviceOrderingApi(store: ViewStore, commands: Commands, options: BoundaryOptions): Api {
  const router = resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const id = newId();
        const now = new Date();
        const order = toRequest(body as ServiceOrderCreate, id, now);
        if (isDryRun(ctx.parameters))
          return { body: await commands.inquire(ctx, { resource, id, command: toQuestion(order) }), status: 200 };
        return commands.accept(ctx, {
          resource,
          id,
          view: acknowledged(body, id, now),
          command: send(acceptServiceOrder, { order }),
        });
      },
      async patch(ctx, id, patch, ifMatch) {
        await commands.ask(ctx, {
          resource,
          id,
          retryStale: ifMatch === undefined,
          async attempt() {
            const view = await outcomeView(store, resource, id);
            requireMatch(ifMatch, resource.name, view);
            const { doc, changed } = patch.apply(view.doc);
            refuseOwned(changed);
            if (changed.length === 0) return { unchanged: view };
            const command = send(amendServiceOrder, {
              id,
              expectedRevision: view.revision,
              amendment: toAmendment(doc, changed),
            });
            return { command, document: toSubmitted(doc) };
          },
        });
        return outcomeView(store, resource, id);
      },
      async remove(ctx, id, ifMatch) {
        await commands.ask(ctx, {
          resource,
          id,
          retryStale: ifMatch === undefined,
          async attempt() {
            const view = await store.get(resource, id);
            if (view === undefined) throw notFound(resource.name, id);
            requireMatch(ifMatch, resource.name, view);
            return {
              command: send(
                deleteServiceOrder,
                ifMatch === undefined ? { id } : { id, expectedRevision: view.revision },
              ),
            };
          },
        });
      },
    },
    options,
  );
  return {
    name: 'tmf641',
    title: 'Service Ordering',
    version: '4.1.0',
    description:
      'Orders for services: add, modify, delete. An accepted order is acknowledged, not completed. An item with action modify and `service.operatingStatus` (an extension of ours) suspends a service or takes it up again.',
    basePath: serviceOrderingBasePath,
    resources: [resource, cancelServiceOrderResource],
    routers: [router, cancellationRoutes(store, commands, options)],
  };
}

/** What only happens, and is never written: the state, and what is in the items once they are ordered. */
function refuseOwned(changed: readonly string[]): void {
  const owned = changed.filter(
    (name) => name === 'state' || name === 'serviceOrderItem' || name === 'expectedCompletionDate',
  );
  if (owned.length === 0) return;
  throw refuse(
    'conflict',
    `${owned.join(', ')} of an accepted order cannot be patched: it follows from what happens.`,
    {
      message: 'Leave it out. To change what was ordered, place another order for the same services.',
    },
  );
}
