import type { Aggregate } from '../../../ops/platform/messaging/handler.ts';
import type { Correction } from './correction.decide.ts';

/** Repairs that were asked for, one row for each service. */
export const corrections: Aggregate<Correction> = {
  name: 'correction',
  key: ({ serviceId }) => serviceId,
  origin: ({ order }) => ({ correlationId: order.id }),
  async load(tx, ids) {
    const rows = await tx<{ doc: Correction }[]>`
      select doc from order_management.correction where service_id = any(${ids as string[]}) order by service_id for update`;
    return new Map(rows.map(({ doc }) => [doc.serviceId, doc]));
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
