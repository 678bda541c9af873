import { send } from '../../../contracts/messages/message.ts';
import { createService, deleteService, replaceService } from '../../../contracts/messages/service-inventory.ts';
import { type Service, serviceInventoryBasePath } from '../../../contracts/tmf/tmf638.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { Api } from '../../tmf630/api.ts';
import type { BoundaryOptions } from '../../tmf630/boundary.ts';
import { requireMatch } from '../../tmf630/etag.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { serviceResource as resource } from './descriptor.ts';
import { toSubmitted, toWrite } from './translate.ts';

/** TMF638 Service Inventory: reads from the views, writes by command to the inventory's one writer. */
export function serviceInventoryApi(store: ViewStore, commands: Commands, options: BoundaryOptions): Api {
  const router = resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const write = toWrite(body);
        const made = await commands.ask(ctx, {
          resource,
          id: newId(),
          retryStale: false,
          attempt: async (id) => ({ command: send(createService, { id, write }), document: toSubmitted(body) }),
        });
        return { view: await outcomeView(store, resource, made.id), replayed: made.replayed };
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
            if (changed.length === 0) return { unchanged: view };
            const command = send(replaceService, {
              id,
              expectedRevision: view.revision,
              write: toWrite(doc as Service),
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
            const view = await outcomeView(store, resource, id);
            requireMatch(ifMatch, resource.name, view);
            return {
              command: send(deleteService, ifMatch === undefined ? { id } : { id, expectedRevision: view.revision }),
            };
          },
        });
      },
    },
    options,
  );
  return {
    name: 'tmf638',
    title: 'Service Inventory',
    version: '4.0.0',
    description: 'What is deployed: services, their characteristics, what they stand on, their state.',
    basePath: serviceInventoryBasePath,
    resources: [resource],
    routers: [router],
  };
}
