import { z } from 'zod';
import { productOrderingBasePath } from '../../../contracts/tmf/tmf622.ts';
import { productInventoryBasePath } from '../../../contracts/tmf/tmf637.ts';
import { serviceInventoryBasePath } from '../../../contracts/tmf/tmf638.ts';
import { serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';

const errorMessage = z.array(z.object({ code: z.string(), reason: z.string() })).optional();

const ordered = z.object({
  id: z.string(),
  externalId: z.string().optional(),
  state: z.string(),
  errorMessage,
});

const order = ordered
  .extend({
    serviceOrderItem: z.array(
      z.object({ id: z.string(), state: z.string(), service: z.object({ id: z.string().optional() }), errorMessage }),
    ),
  })
  .transform(({ serviceOrderItem: items, ...rest }) => ({ ...rest, items }));
export type OrderView = z.output<typeof order>;

const productItem = z
  .object({
    id: z.string(),
    state: z.string(),
    product: z.object({ id: z.string().optional() }).optional(),
    resultingProduct: z.array(z.object({ id: z.string() })).default([]),
    productOrderItem: z.array(z.object({ id: z.string(), state: z.string() })).default([]),
    errorMessage,
  })
  .transform(({ product, resultingProduct, productOrderItem: parts, ...rest }) => ({
    ...rest,
    parts,
    products: [
      ...new Set([...(product?.id === undefined ? [] : [product.id]), ...resultingProduct.map(({ id }) => id)]),
    ],
  }));

const productOrder = ordered
  .extend({ productOrderItem: z.array(productItem) })
  .transform(({ productOrderItem: items, ...rest }) => ({ ...rest, items }));
export type ProductOrderView = z.output<typeof productOrder>;

const product = z.object({
  id: z.string(),
  status: z.string(),
  productSpecification: z.object({ id: z.string() }).optional(),
  productOrderItem: z.array(z.object({ productOrderId: z.string().optional() })).default([]),
  realizingService: z.array(z.object({ id: z.string(), state: z.string().optional() })).default([]),
});
export type ProductView = z.output<typeof product>;

const cancellation = z.object({ id: z.string(), state: z.string(), productOrder: z.object({ id: z.string() }) });
export type CancellationView = z.output<typeof cancellation>;

const service = z.object({
  id: z.string(),
  serviceType: z.string().optional(),
  state: z.string(),
  serviceCharacteristic: z.array(z.object({ name: z.string(), value: z.unknown() })).default([]),
  supportingService: z.array(z.object({ id: z.string() })).default([]),
});
export type ServiceView = z.output<typeof service>;

/** What any client can see, by id. */
export interface Views {
  readonly orders: ReadonlyMap<string, OrderView>;
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly productOrders: ReadonlyMap<string, ProductOrderView>;
  readonly products: ReadonlyMap<string, ProductView>;
  readonly cancellations: ReadonlyMap<string, CancellationView>;
}

/** Everything that any client can see. */
export async function readViews(gateway: string): Promise<Views> {
  return {
    orders: byId(await readAll(`${gateway}${serviceOrderingBasePath}/serviceOrder`, order)),
    services: byId(await readAll(`${gateway}${serviceInventoryBasePath}/service`, service)),
    productOrders: byId(await readAll(`${gateway}${productOrderingBasePath}/productOrder`, productOrder)),
    products: byId(await readAll(`${gateway}${productInventoryBasePath}/product`, product)),
    cancellations: byId(await readAll(`${gateway}${productOrderingBasePath}/cancelProductOrder`, cancellation)),
  };
}

const byId = <One extends { readonly id: string }>(all: readonly One[]) => new Map(all.map((one) => [one.id, one]));

const pageSize = 500;

async function readAll<Schema extends z.ZodType>(url: string, schema: Schema): Promise<z.output<Schema>[]> {
  const all: z.output<Schema>[] = [];
  for (;;) {
    const answer = await fetch(`${url}?offset=${all.length}&limit=${pageSize}`);
    if (!answer.ok) throw new Error(`GET ${url}: ${answer.status} ${await answer.text()}`);
    const page = z.array(schema).parse(await answer.json());
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}
