import { z } from 'zod';
import { serviceOrderRequest } from '../../../contracts/messages/service-ordering.ts';
import { instant } from '../../../contracts/messages/values.ts';
import type { Aggregate } from '../../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../../ops/platform/messaging/own-rows.ts';
import type { Correction } from './correction.decide.ts';

const stored = z.object({
  serviceId: z.string(),
  revision: z.int(),
  askedAt: z.array(instant),
  serviceType: z.string(),
  order: serviceOrderRequest,
});
const documentOf = documentsOf('order_management.correction', stored);

/** Repairs that were asked for, one row for each service. */
export const corrections: Aggregate<Correction> = {
  name: 'correction',
  key: ({ serviceId }) => serviceId,
  origin: ({ order }) => ({ correlationId: order.id }),
  async load(tx, ids) {
    const rows = await tx<{ id: string; doc: unknown }[]>`
      select service_id as id, doc from order_management.correction where service_id = any(${ids as string[]}) order by service_id for update`;
    return new Map(rows.map(documentOf).map((one) => [one.serviceId, one]));
  },
  save(tx, all) {
    const statement = tx`
      insert into order_management.correction (service_id, revision, doc, updated_at)
      select *, now() from unnest(
        ${all.map((one) => one.serviceId)}::text[],
        ${all.map((one) => one.revision)}::bigint[],
        ${all.map((one) => JSON.stringify(one))}::text[]::jsonb[]
      )
      on conflict (service_id) do update set
        revision = excluded.revision, doc = excluded.doc, updated_at = excluded.updated_at`;
    return [statement];
  },
};
