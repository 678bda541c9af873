import { z } from 'zod';
import {
  type CallContext,
  OutcomeUnknown,
  type Pending,
  type Platform,
  PlatformRefusal,
  pending,
} from '../../calls/platform.ts';
import { jsonOf, request } from '../../calls/request.ts';

/** A port as the partner hands it over: at which interconnect and VLAN, for which site, how fast. */
export const deliveredPort = z.looseObject({ handover: z.string().min(1), bandwidthMbps: z.number() });
export type DeliveredPort = z.output<typeof deliveredPort>;

const order = z.looseObject({
  reference: z.string(),
  state: z.enum(['acknowledged', 'delivered', 'rejected', 'cancelled', 'ceased']),
  port: z.unknown().optional(),
  rejection: z.looseObject({ code: z.string(), reason: z.string() }).optional(),
});
type Order = z.output<typeof order>;

/** The partner as steps see it. What is ordered is delivered later. */
export interface PartnerClient {
  /** Orders a port, or changes the one there is. */
  provide(port: { readonly site: string; readonly bandwidthMbps: number }): Promise<DeliveredPort | Pending>;
  /** How the order under this reference stands. Throws a `PlatformRefusal` when the partner gave it up. */
  standing(): Promise<DeliveredPort | Pending>;
  /** Calls off what is open and gives the port back. */
  cease(): Promise<unknown>;
}

/**
 * The partner operator's ordering API: `PUT /orders/<reference>` with a kind and our name for the circuit (again under
 * the same reference it is answered, not done again), `GET` the same to see how it stands, `GET /circuits/<circuit>`.
 */
export const partner: Platform<PartnerClient> = {
  name: 'partner',
  timeoutMs: 5_000,
  settleMs: 2_000,
  concurrency: 16,
  connect: (context) => ({
    provide: async (port) => portOf(await put(context, { kind: 'provide', ...port, callbackUrl: context.callbackUrl })),
    standing: async () => {
      const found = await get(context);
      // Not there (any more): the deadline decides, not one answer.
      return found === undefined ? pending : portOf(found);
    },
    cease: () => put(context, { kind: 'cease' }),
  }),
  async readBack(context) {
    const found = await get(context);
    return found === undefined ? { applied: false } : { applied: true, result: found };
  },
  async observe(context) {
    const response = await request(context, `${context.url}/circuits/${encodeURIComponent(context.serviceRef)}`);
    return z.looseObject({ holdings: z.record(z.string(), z.unknown()) }).parse(await jsonOf(response)).holdings;
  },
  async probe(context) {
    await request(context, `${context.url}/health`);
  },
};

const addressOf = ({ url, reference }: CallContext): string => `${url}/orders/${encodeURIComponent(reference)}`;

async function put(context: CallContext, body: Readonly<Record<string, unknown>>): Promise<Order> {
  const json = { circuit: context.serviceRef, ...body };
  const response = await request(context, addressOf(context), { method: 'PUT', json });
  return orderOf(context, await jsonOf(response));
}

async function get(context: CallContext): Promise<Order | undefined> {
  // A partner that does not let us look has said nothing about the order.
  const asked = request(context, addressOf(context), {}, [404]);
  const response = await asked.catch((error: unknown) => {
    throw error instanceof PlatformRefusal ? new OutcomeUnknown(error.message) : error;
  });
  const body = await jsonOf(response);
  return response.status === 404 ? undefined : orderOf(context, body);
}

function orderOf({ reference }: CallContext, body: unknown): Order {
  const parsed = order.safeParse(body);
  if (!parsed.success || parsed.data.reference !== reference)
    throw new OutcomeUnknown('the partner answered with something else than this order');
  return parsed.data;
}

function portOf({ state, port, rejection }: Order): DeliveredPort | Pending {
  switch (state) {
    case 'acknowledged':
      return pending;
    case 'delivered': {
      const delivered = deliveredPort.safeParse(port);
      if (!delivered.success) throw new OutcomeUnknown('the partner delivered something else than a port');
      return delivered.data;
    }
    case 'rejected':
      throw new PlatformRefusal(rejection?.code ?? 'rejected', rejection?.reason ?? 'the partner rejected the order');
    case 'cancelled':
    case 'ceased':
      throw new PlatformRefusal(state, `the partner has ${state} the order`);
    default:
      return state satisfies never;
  }
}
