import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import type { Specifications } from './validate.decide.ts';

export const specificationKey = ({ id, version }: Pick<ServiceSpecification, 'id' | 'version'>): string =>
  JSON.stringify([id, version]);

/** Service ordering's own copy of the service catalog, kept by its events as they came. */
export const serviceSpecifications: Aggregate<ServiceSpecification> = {
  name: 'service-specification',
  key: specificationKey,
  async load(tx, keys) {
    const wanted = keys.map((key) => JSON.parse(key) as [string, string]);
    const rows = await tx<{ doc: ServiceSpecification }[]>`
      select doc from service_ordering.service_specification
      where (id, version) in (select * from unnest(${wanted.map(([id]) => id)}::text[], ${wanted.map(([, version]) => version)}::text[]))
      order by id, version for update`;
    return new Map(rows.map(({ doc }) => [specificationKey(doc), doc]));
  },
  save(tx, specifications) {
    const statement = tx`
      insert into service_ordering.service_specification (id, version, revision, doc)
      select * from unnest(
        ${specifications.map((s) => s.id)}::text[],
        ${specifications.map((s) => s.version)}::text[],
        ${specifications.map((s) => s.revision)}::bigint[],
        ${specifications.map((s) => JSON.stringify(s))}::text[]::jsonb[]
      )
      on conflict (id, version) do update set revision = excluded.revision, doc = excluded.doc`;
    return [statement];
  },
};

/** All versions of the specifications with one of these ids or service types. */
export async function findSpecifications(
  tx: Transaction,
  wanted: { ids: readonly string[]; serviceTypes: readonly string[] },
): Promise<Specifications> {
  if (wanted.ids.length === 0 && wanted.serviceTypes.length === 0) return [];
  const rows = await tx<{ doc: ServiceSpecification }[]>`
    select doc from service_ordering.service_specification
    where id = any(${wanted.ids as string[]}) or doc ->> 'serviceType' = any(${wanted.serviceTypes as string[]})
    order by revision`;
  return rows.map(({ doc }) => doc);
}
