import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import { endWithParent } from '../program.ts';

/** What a TMF641 order must at least be told apart by: enough schema that parsing costs what a real one costs. */
const reference = z.looseObject({ id: z.string().min(1), href: z.string().optional(), name: z.string().optional() });
const characteristic = z.looseObject({ name: z.string().min(1), valueType: z.string().optional(), value: z.unknown() });
const itemRelationship = z.looseObject({
  relationshipType: z.string(),
  orderItem: z.looseObject({ itemId: z.string() }),
});
const orderItem = z.looseObject({
  id: z.string().min(1),
  action: z.enum(['add', 'modify', 'delete', 'noChange']),
  serviceOrderItemRelationship: z.array(itemRelationship).optional(),
  service: z.looseObject({
    name: z.string().optional(),
    serviceType: z.string().optional(),
    serviceSpecification: reference.optional(),
    serviceCharacteristic: z.array(characteristic).optional(),
    place: z.array(reference).optional(),
  }),
});
const serviceOrder = z.looseObject({
  externalId: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  priority: z.string().optional(),
  relatedParty: z.array(reference).optional(),
  serviceOrderItem: z.array(orderItem).min(1).max(200),
});

/** The floor for accepting: parse, answer 201 with the order and an id, store nothing. Prints its port, serves until its parent ends. */
const app = new Hono();
app.post('/tmf-api/serviceOrdering/v4/serviceOrder', async (c) => {
  const parsed = serviceOrder.safeParse(await c.req.json());
  if (!parsed.success) return c.json({ code: '400', reason: parsed.error.message }, 400);
  const id = crypto.randomUUID();
  const href = `/tmf-api/serviceOrdering/v4/serviceOrder/${id}`;
  return c.json({ ...parsed.data, id, href, state: 'acknowledged', orderDate: new Date().toISOString() }, 201, {
    location: href,
  });
});

endWithParent();
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(JSON.stringify({ port })));
