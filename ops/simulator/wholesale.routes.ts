import { Hono } from 'hono';
import { z } from 'zod';
import { deliver, type Env } from './delivery.ts';
import type { Answer, Call } from './exchange.ts';
import type { Manager } from './manager.ts';
import type { Network } from './network.ts';
import { notFound, ok, reading } from './reads.ts';

/** An order as a customer of the outside operator places it; the rest depends on its kind. */
const orderBody = z.looseObject({ kind: z.string().min(1).max(64), circuit: z.string().min(1).max(200) });

/**
 * What an outside operator speaks: orders, put under the customer's own reference, of a kind, for a circuit that has the
 * customer's own name. Some are done at once; others are taken on (202), and told about at their `callbackUrl` when done.
 */
export function wholesaleRoutes(network: Network, manager: Manager): Hono<Env> {
  const routes = new Hono<Env>();
  const read = reading(network, manager);

  routes.put('/orders/:reference', async (c) => {
    const reference = c.req.param('reference');
    const body = orderBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) {
      const { answer, seq } = network.malformedCall(manager, 'orders', body.error);
      return deliver(c, answer, (heard) => network.settling.settled(seq, heard));
    }
    const { kind, circuit, ...parameters } = body.data;
    if (!Object.hasOwn(manager.operations, kind))
      return deliver(c, notFound('unknown-kind', `${manager.name} has no orders of kind ${kind}`));
    const call: Call = { reference, serviceRef: circuit, parameters };
    const { answer, seq } = await network.call(manager, kind, call);
    const told = asOrder(network, manager, kind, answer);
    await network.deliveries.beforeAnswer(manager.name, reference);
    return deliver(c, told, (heard) => network.settling.settled(seq, heard));
  });

  routes.get(
    '/orders/:named',
    read('operations', (reference) => {
      const found = network.holdings.readReference(manager.name, reference);
      if (found === undefined) return notFound('unknown-order', `there is no order ${reference}`);
      const { operation: kind, serviceRef: circuit, result } = found;
      return ok({ reference, kind, circuit, ...result, ...standing(network, manager, reference) });
    }),
  );

  routes.get(
    '/circuits/:named',
    read('services', (circuit) => ok({ circuit, holdings: network.holdings.read(manager.name, circuit) })),
  );

  routes.get(
    '/health',
    read('health', () => ok({ status: 'up', manager: manager.name })),
  );

  return routes;
}

/** An answer in the words of orders. */
function asOrder(network: Network, manager: Manager, kind: string, answer: Answer): Answer {
  if (answer.send !== 'json' || answer.status !== 200) return answer;
  const { reference, serviceRef: circuit, result } = answer.body as Answered;
  const body = { reference, kind, circuit, ...result, ...standing(network, manager, reference) };
  return { ...answer, status: 'state' in body && body['state'] === 'acknowledged' ? 202 : 200, body };
}
type Answered = { reference: string; serviceRef: string; result: Record<string, unknown> };

/** How work that was taken on stands now; nothing for an order that was done at once. */
function standing({ deliveries, holdings }: Network, manager: Manager, reference: string): Record<string, unknown> {
  const delivery = deliveries.get(manager.name, reference);
  if (delivery === undefined) return {};
  const { state, told, operation, call } = delivery;
  switch (state) {
    case 'open': {
      const held = holdings.read(manager.name, call.serviceRef);
      const isAwaited = manager.operations[operation]?.later?.awaited(held, reference) === true;
      return { state: isAwaited ? 'acknowledged' : 'cancelled' };
    }
    case 'done':
      return { state: 'delivered', port: told };
    case 'refused':
      return { state: 'rejected', rejection: { code: told?.['code'], reason: told?.['reason'] } };
    case 'calledOff':
      return { state: 'cancelled' };
    default:
      return state satisfies never;
  }
}
