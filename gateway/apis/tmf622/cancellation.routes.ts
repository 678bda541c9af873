import type { Hono } from 'hono';
import { send } from '../../../contracts/messages/message.ts';
import { cancelProductOrder } from '../../../contracts/messages/order-management.ts';
import type { CancelProductOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { BoundaryEnv, BoundaryOptions } from '../../tmf630/boundary.ts';
import { TmfError } from '../../tmf630/errors.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { toCancellation } from './cancellation.translate.ts';
import { cancelProductOrderResource as resource, productOrderResource } from './descriptor.ts';

/**
 * The task that cancels an order. Its creation waits for what order management says, as a PATCH does: the answer is the
 * task as it is then, which for an order that has not begun is done already.
 */
export function cancellationRoutes(store: ViewStore, commands: Commands, options: BoundaryOptions): Hono<BoundaryEnv> {
  return resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const asked = body as CancelProductOrderCreate;
        const orderId = asked.productOrder.id;
        const made = await commands.ask(ctx, {
          resource,
          id: newId(),
          about: orderId,
          retryStale: false,
          async attempt(id) {
            // The command to accept the order may still be on its way, and a later one can overtake it.
            if ((await commands.taken(productOrderResource, orderId)) === undefined) throw unknownOrder(orderId);
            return { command: send(cancelProductOrder, toCancellation(asked, id)), document: body };
          },
        });
        return { view: await outcomeView(store, resource, made.id), replayed: made.replayed };
      },
    },
    options,
  );
}

const unknownOrder = (id: string): TmfError =>
  new TmfError(400, 'unknownProductOrder', `productOrder.id: there is no product order '${id}'.`);
