import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { productOrderingBasePath } from '../../../contracts/tmf/tmf622.ts';
import { productInventoryBasePath } from '../../../contracts/tmf/tmf637.ts';
import { serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';

const collections = {
  serviceOrder: `${serviceOrderingBasePath}/serviceOrder`,
  productOrder: `${productOrderingBasePath}/productOrder`,
};
export type OrderKind = keyof typeof collections;

type Faults = readonly { readonly reason?: string; readonly message?: string }[];
type Notes = readonly { readonly id?: string; readonly text: string }[];

/** A service order as far as the command line looks into it. */
export interface ShownOrder {
  readonly id: string;
  readonly state: string;
  readonly serviceOrderItem: readonly ShownItem[];
  readonly errorMessage?: Faults;
  readonly jeopardyAlert?: readonly { readonly message?: string }[];
  readonly cancellationReason?: string;
  readonly note?: Notes;
  /** Of one that was placed for a product order. */
  readonly requestedBy?: { readonly orderId: string };
}

export interface ShownItem {
  readonly id: string;
  readonly action: string;
  readonly state: string;
  readonly service: { readonly id?: string; readonly name?: string; readonly serviceType?: string };
  readonly errorMessage?: Faults;
  readonly serviceOrderItem?: readonly ShownItem[];
}

/** A product order as far as the command line looks into it. */
export interface ShownProductOrder {
  readonly id: string;
  readonly state: string;
  readonly orderDate: string;
  readonly productOrderItem: readonly ShownProductItem[];
  readonly errorMessage?: Faults;
  readonly cancellationReason?: string;
  readonly note?: Notes;
}

export interface ShownProductItem {
  readonly id: string;
  readonly action: string;
  readonly state: string;
  readonly product?: {
    readonly id?: string;
    readonly name?: string;
    readonly productSpecification?: { readonly id?: string };
  };
  readonly resultingProduct?: readonly { readonly id: string }[];
  readonly errorMessage?: Faults;
  readonly productOrderItem?: readonly ShownProductItem[];
}

export interface ShownProduct {
  readonly id: string;
  readonly status: string;
  readonly name?: string;
  readonly productSpecification?: { readonly id?: string };
  readonly missingComponent?: readonly string[];
}

/** Tries in all: a gateway that restarts is back within them. */
const tries = 10;

/**
 * Places an order. Safe to repeat: every try carries the same Idempotency-Key.
 *
 * @throws Sentence when the gateway is not there, or refuses
 */
export async function placeOrder<Shown>(gateway: string, kind: OrderKind, body: string): Promise<Shown> {
  const key = randomUUID();
  return request(`${gateway}${collections[kind]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body,
  });
}

export const readOrder = <Shown>(gateway: string, kind: OrderKind, id: string): Promise<Shown> =>
  request(`${gateway}${collections[kind]}/${encodeURIComponent(id)}`, {});

/** Asks what an order would come to. Nothing is placed. */
export const planOrder = <Plan>(gateway: string, kind: OrderKind, body: string): Promise<Plan> =>
  request(`${gateway}${collections[kind]}?dryRun=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

/** More service orders than one product order comes to. */
const pageSize = 1_000;

/** The service orders that were placed here for a product order; they carry its date, which is what they are found by. */
export async function readServiceOrders(
  gateway: string,
  { id, orderDate }: Pick<ShownProductOrder, 'id' | 'orderDate'>,
): Promise<ShownOrder[]> {
  const sameDate = `orderDate=${encodeURIComponent(orderDate)}&limit=${pageSize}`;
  const found = await request<ShownOrder[]>(`${gateway}${collections.serviceOrder}?${sameDate}`, {});
  return found.filter(({ requestedBy }) => requestedBy?.orderId === id);
}

/** So many ids fit into a URL. */
const idsAtOnce = 50;

/** Products by their ids, in their order; without those that there are none of. */
export async function readProducts(gateway: string, ids: readonly string[]): Promise<ShownProduct[]> {
  const found = new Map<string, ShownProduct>();
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const some = ids
      .slice(from, from + idsAtOnce)
      .map(encodeURIComponent)
      .join(',');
    const page = `${gateway}${productInventoryBasePath}/product?id=${some}&limit=${idsAtOnce}`;
    for (const product of await request<ShownProduct[]>(page, {})) found.set(product.id, product);
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

async function request<Shown>(url: string, init: RequestInit): Promise<Shown> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, init).catch((error: unknown) => error);
    if (response instanceof Response && response.status < 500) return answered<Shown>(response);
    if (attempt >= tries) {
      const why = response instanceof Response ? `answers ${response.status}` : 'does not answer';
      throw new Sentence(
        `The gateway at ${new URL(url).origin} ${why}: start the system with npm start, or name another with --gateway.`,
      );
    }
    await sleep(Math.min(100 * 2 ** attempt, 2_000));
  }
}

async function answered<Shown>(response: Response): Promise<Shown> {
  const body: unknown = await response.json();
  if (response.ok) return body as Shown;
  const { code, reason, message } = body as { code?: string; reason?: string; message?: string };
  throw new Sentence(
    `The gateway refuses the order (${response.status} ${code ?? ''}): ${reason ?? 'no reason given'} ${message ?? ''}`.trim(),
  );
}
