import { z } from 'zod';
import { serviceInventoryBasePath } from '../../contracts/tmf/tmf638.ts';
import { serviceOrderingBasePath } from '../../contracts/tmf/tmf641.ts';

const errorMessage = z.array(z.object({ code: z.string(), reason: z.string() })).optional();

const order = z.object({
  id: z.string(),
  externalId: z.string().optional(),
  state: z.string(),
  errorMessage,
  serviceOrderItem: z.array(
    z.object({ id: z.string(), state: z.string(), service: z.object({ id: z.string().optional() }), errorMessage }),
  ),
});
export type OrderView = z.output<typeof order>;

const service = z.object({
  id: z.string(),
  serviceType: z.string().optional(),
  state: z.string(),
  serviceCharacteristic: z.array(z.object({ name: z.string(), value: z.unknown() })).default([]),
  supportingService: z.array(z.object({ id: z.string() })).default([]),
});
export type ServiceView = z.output<typeof service>;

/** What any client can see of all orders and services, by id. */
export async function readViews(
  gateway: string,
): Promise<{ orders: Map<string, OrderView>; services: Map<string, ServiceView> }> {
  const orders = await readAll(`${gateway}${serviceOrderingBasePath}/serviceOrder`, order);
  const services = await readAll(`${gateway}${serviceInventoryBasePath}/service`, service);
  return {
    orders: new Map(orders.map((one) => [one.id, one])),
    services: new Map(services.map((one) => [one.id, one])),
  };
}

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
