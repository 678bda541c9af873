import { send } from '../../../contracts/messages/message.ts';
import { createProduct, deleteProduct, replaceProduct } from '../../../contracts/messages/product-inventory.ts';
import { type ProductCreate, productInventoryBasePath } from '../../../contracts/tmf/tmf637.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { Api } from '../../tmf630/api.ts';
import type { BoundaryOptions } from '../../tmf630/boundary.ts';
import { refuse } from '../../tmf630/errors.ts';
import { requireMatch } from '../../tmf630/etag.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { productResource as resource } from './descriptor.ts';
import { toSubmitted, toWrite } from './translate.ts';

/** TMF637 Product Inventory: reads from the views, writes by command to the inventory's one writer. */
export function productInventoryApi(store: ViewStore, commands: Commands, options: BoundaryOptions): Api {
  const router = resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const write = toWrite(body as ProductCreate);
        const made = await commands.ask(ctx, {
          resource,
          id: newId(),
          retryStale: false,
          attempt: async (id) => ({ command: send(createProduct, { id, write }), document: toSubmitted(body) }),
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
            if (doc['status'] === undefined)
              throw refuse('invalidBody', 'status is required: a product has one always.', {
                message: 'To end a product, order its delete, or set the status it has then.',
              });
            if (changed.length === 0) return { unchanged: view };
            const write = toWrite(doc as ProductCreate);
            const command = send(replaceProduct, { id, expectedRevision: view.revision, write });
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
              command: send(deleteProduct, ifMatch === undefined ? { id } : { id, expectedRevision: view.revision }),
            };
          },
        });
      },
    },
    options,
  );
  return {
    name: 'tmf637',
    title: 'Product Inventory',
    version: '4.0.0',
    description: 'What customers have: products, what they are made of, the services that realize them, their status.',
    basePath: productInventoryBasePath,
    resources: [resource],
    routers: [router],
  };
}
