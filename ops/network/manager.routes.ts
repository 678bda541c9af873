import { Hono, type Context } from 'hono';
import { deliver, type Env } from './delivery.ts';
import { callBody, errorAnswer, wrongAnswer, type Answer } from './exchange.ts';
import type { ReadName } from './faults.ts';
import type { Network } from './network.ts';
import type { Manager } from './manager.ts';

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

  /** A read is counted, may meet with a fault, and changes nothing. */
  const read =
    (kind: ReadName, answer: (named: string) => Answer) =>
    async (c: Context<Env>): Promise<Response> => {
      const named = c.req.param('named') ?? '';
      network.settling.read(manager.name, kind);
      const subject = kind === 'operations' ? { reference: named } : kind === 'services' ? { serviceRef: named } : {};
      const fate = network.faults.draw({ manager: manager.name, operation: kind, ...subject });
      await network.wait(fate);
      const { strike } = fate;
      switch (strike?.kind) {
        case 'error':
          return deliver(c, errorAnswer({ ...strike.params, code: 'platform-error', reason: 'the platform failed' }));
        case 'throttle': {
          const retryAfter = { 'retry-after': `${strike.params.retryAfterSeconds}` };
          return deliver(c, errorAnswer({ status: 429, code: 'throttled', reason: 'too many calls' }, retryAfter));
        }
        case 'hang':
          return deliver(c, { send: 'silence', ms: strike.params.ms });
        case 'reset':
          return deliver(c, { send: 'cut' });
        case 'wrong-answer':
          return deliver(c, wrongAnswer(strike.params.form, subject));
        case 'latency':
        case 'refuse':
        case 'lost-answer':
        case 'late-apply':
        case 'partial':
        case undefined:
          return deliver(c, answer(named));
        default:
          return strike satisfies never;
      }
    };

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

const ok = (body: unknown): Answer => ({ send: 'json', status: 200, body });
const notFound = (code: string, reason: string) => errorAnswer({ status: 404, code, reason });
