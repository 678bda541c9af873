import type { Hono } from 'hono';
import { send } from '../../../contracts/messages/message.ts';
import { cancelServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import type { CancelServiceOrderCreate } from '../../../contracts/tmf/tmf641.ts';
import { newId } from '../../../ops/platform/ids.ts';
import type { BoundaryEnv, BoundaryOptions } from '../../tmf630/boundary.ts';
import { TmfError } from '../../tmf630/errors.ts';
import { resourceRoutes } from '../../tmf630/resource.ts';
import type { ViewStore } from '../../tmf630/view-store.ts';
import { type Commands, outcomeView } from '../../commands/commands.ts';
import { toCancellation } from './cancellation.translate.ts';
import { cancelServiceOrderResource as resource, serviceOrderResource } from './descriptor.ts';

/**
 * The task that cancels an order. Its creation waits for what service ordering says, as a PATCH does: the answer is the
 * task as it is then, which for an order that has not begun is done already.
 */
export function cancellationRoutes(store: ViewStore, commands: Commands, options: BoundaryOptions): Hono<BoundaryEnv> {
  return resourceRoutes(
    resource,
    store,
    {
      async create(ctx, body) {
        const asked = body as CancelServiceOrderCreate;
        const orderId = asked.serviceOrder.id;
        const made = await commands.ask(ctx, {
          resource,
          id: newId(),
          about: orderId,
          retryStale: false,
          async attempt(id) {
            // The command to accept the order may still be on its way, and a later one can overtake it.
            if ((await commands.taken(serviceOrderResource, orderId)) === undefined) throw unknownOrder(orderId);
            return { command: send(cancelServiceOrder, toCancellation(asked, id)), document: body };
          },
        });
        return { view: await outcomeView(store, resource, made.id), replayed: made.replayed };
      },
    },
    options,
  );
}

const unknownOrder = (id: string): TmfError =>
  new TmfError(400, 'unknownServiceOrder', `serviceOrder.id: there is no service order '${id}'.`);
