import { send } from '../../../contracts/messages/message.ts';
import {
  acceptProductOrder,
  amendProductOrder,
  deleteProductOrder,
} from '../../../contracts/messages/order-management.ts';
import { type ProductOrderCreate, productOrderingBasePath } from '../../../contracts/tmf/tmf622.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { Api } from '../../tmf630/api.ts';
import type { BoundaryOptions } from '../../tmf630/boundary.ts';
import { isDryRun } from '../../tmf630/dry-run.ts';
import { notFound } from '../../tmf630/errors.ts';
import { requireMatch } from '../../tmf630/etag.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { readWhenStarted, toAmendment } from './amendment.ts';
import { cancellationRoutes } from './cancellation.routes.ts';
import { cancelProductOrderResource, productOrderResource as resource } from './descriptor.ts';
import { toQuestion } from './dry-run.ts';
import { acknowledged, toRequest, toSubmitted } from './translate.ts';

/** TMF622 Product Ordering: routes and two translations; the task that cancels an order is a resource of its own. */
export function productOrderingApi(store: ViewStore, commands: Commands, options: BoundaryOptions): Api {
  const router = resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const id = newId();
        const now = new Date();
        const order = toRequest(body as ProductOrderCreate, id, now);
        if (isDryRun(ctx.parameters))
          return { body: await commands.inquire(ctx, { resource, id, command: toQuestion(order) }), status: 200 };
        return commands.accept(ctx, {
          resource,
          id,
          view: acknowledged(body, id, now),
          command: send(acceptProductOrder, { order }),
        });
      },
      async patch(ctx, id, patch, ifMatch) {
        const whenStarted = readWhenStarted(ctx.parameters);
        await commands.ask(ctx, {
          resource,
          id,
          retryStale: ifMatch === undefined,
          async attempt() {
            const view = await outcomeView(store, resource, id);
            requireMatch(ifMatch, resource.name, view);
            const { doc, changed } = patch.apply(view.doc);
            if (changed.length === 0) return { unchanged: view };
            const amendment = toAmendment(view.doc, doc, changed, whenStarted);
            const command = send(amendProductOrder, { id, expectedRevision: view.revision, amendment });
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
                deleteProductOrder,
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
    name: 'tmf622',
    title: 'Product Ordering',
    version: '4.0.0',
    description:
      'Orders for products: add, modify, delete. An accepted order is acknowledged, not completed. An item with action modify and `product.status` suspends a product or takes it up again; with quantity, each of it becomes a product of its own.',
    basePath: productOrderingBasePath,
    resources: [resource, cancelProductOrderResource],
    routers: [router, cancellationRoutes(store, commands, options)],
  };
}
