import { Hono } from 'hono';
import { deliver, type Env } from './delivery.ts';
import { callBody } from './exchange.ts';
import type { Network } from './network.ts';
import type { Manager } from './manager.ts';
import { notFound, ok, reading } from './reads.ts';

/** What an element manager speaks, the same for every one: operations by POST, three reads by GET. */
export function managerRoutes(network: Network, manager: Manager): Hono<Env> {
  const routes = new Hono<Env>();

  routes.post('/:operation', async (c) => {
    const operation = c.req.param('operation');
    if (!Object.hasOwn(manager.operations, operation))
      return deliver(c, notFound('unknown-operation', `${manager.name} has no operation ${operation}`));
    const body: unknown = await c.req.json().catch(() => undefined);
    const call = body === undefined ? undefined : callBody.safeParse(body);
    const { answer, seq } = call?.success
      ? await network.call(manager, operation, call.data)
      : network.malformedCall(manager, operation, call?.error);
    return deliver(c, answer, (heard) => network.settling.settled(seq, heard));
  });

  const read = reading(network, manager);

  routes.get(
    '/health',
    read('health', () => ok({ status: 'up', manager: manager.name })),
  );

  routes.get(
    '/operations/:named',
    read('operations', (reference) => {
      const found = network.holdings.readReference(manager.name, reference);
      if (found === undefined) return notFound('unknown-reference', `${reference} has not taken effect`);
      const { operation, serviceRef, times, result } = found;
      return ok({ reference, operation, serviceRef, applied: true, times, result });
    }),
  );

  routes.get(
    '/services/:named',
    read('services', (serviceRef) => ok({ serviceRef, holdings: network.holdings.read(manager.name, serviceRef) })),
  );

  return routes;
}
