import type { DecompositionRule, RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import type { Transaction } from '../../../ops/platform/database.ts';
import type { Aggregate } from '../../../ops/platform/messaging/handler.ts';

export const ruleKey = ({ specification: { id, version }, version: rule }: DecompositionRule): string =>
  JSON.stringify([id, version, rule]);

/**
 * Decomposition rules: each version is written once, and nothing of it changes but that it is retired. Rules and policies are checked
 * when they are published, and read as they are.
 */
export const decompositionRules: Aggregate<DecompositionRule> = {
  name: 'decomposition-rule',
  key: ruleKey,
  async load(tx, keys) {
    const wanted = keys.map((key) => JSON.parse(key) as [string, string, string]);
    const rows = await tx<{ doc: DecompositionRule }[]>`
      select doc from order_management.rule
      where (specification_id, specification_version, version) in (select * from unnest(
        ${wanted.map(([id]) => id)}::text[], ${wanted.map(([, version]) => version)}::text[], ${wanted.map(([, , rule]) => rule)}::text[]))
      order by specification_id, specification_version, version for update`;
    return new Map(rows.map(({ doc }) => [ruleKey(doc), doc]));
  },
  save(tx, rules) {
    const statement = tx`
      insert into order_management.rule (specification_id, specification_version, version, revision, bundles, doc)
      select s, v, r, n, array(select jsonb_array_elements_text(b)), d from unnest(
        ${rules.map((one) => one.specification.id)}::text[],
        ${rules.map((one) => one.specification.version)}::text[],
        ${rules.map((one) => one.version)}::text[],
        ${rules.map((one) => one.revision)}::bigint[],
        ${rules.map((one) => JSON.stringify(one.products.map(({ specification }) => specification.id)))}::text[]::jsonb[],
        ${rules.map((one) => JSON.stringify(one))}::text[]::jsonb[]
      ) as given (s, v, r, n, b, d)
      on conflict (specification_id, specification_version, version)
      do update set revision = excluded.revision, bundles = excluded.bundles, doc = excluded.doc`;
    return [statement];
  },
};

/** Recovery policies: of each service type all revisions, the newest counts for new orders. */
export const policyKey = ({ serviceType, revision }: Pick<RecoveryPolicy, 'serviceType' | 'revision'>): string =>
  JSON.stringify([serviceType, revision]);

export const recoveryPolicies: Aggregate<RecoveryPolicy> = {
  name: 'recovery-policy',
  key: policyKey,
  async load(tx, keys) {
    const wanted = keys.map((key) => JSON.parse(key) as [string, number]);
    const rows = await tx<{ doc: RecoveryPolicy }[]>`
      select doc from order_management.recovery_policy
      where (service_type, revision) in (select * from unnest(
        ${wanted.map(([type]) => type)}::text[], ${wanted.map(([, revision]) => revision)}::bigint[]))
      order by service_type, revision for update`;
    return new Map(rows.map(({ doc }) => [policyKey(doc), doc]));
  },
  save(tx, policies) {
    const statement = tx`
      insert into order_management.recovery_policy (service_type, revision, doc)
      select * from unnest(
        ${policies.map((one) => one.serviceType)}::text[],
        ${policies.map((one) => one.revision)}::bigint[],
        ${policies.map((one) => JSON.stringify(one))}::text[]::jsonb[]
      )
      on conflict (service_type, revision) do nothing`;
    return [statement];
  },
};

/** All versions of the rules for these product specifications, and for those their bundles are made of; oldest first. */
export async function findRules(tx: Transaction, specificationIds: readonly string[]): Promise<DecompositionRule[]> {
  if (specificationIds.length === 0) return [];
  const rows = await tx<{ doc: DecompositionRule }[]>`
    with recursive wanted (id) as (
      select unnest(${specificationIds as string[]}::text[])
      union
      select bundled.id from wanted join order_management.rule r on r.specification_id = wanted.id
      cross join lateral unnest(r.bundles) as bundled (id)
    )
    select doc from order_management.rule
    where specification_id in (select id from wanted)
    order by specification_id, specification_version, revision`;
  return rows.map(({ doc }) => doc);
}

/** The same for orders that are kept: for the specifications they name. */
export async function findRulesOfOrders(
  tx: Transaction,
  orderIds: readonly string[],
  specificationIds: readonly string[],
): Promise<DecompositionRule[]> {
  if (orderIds.length === 0) return findRules(tx, specificationIds);
  const rows = await tx<{ id: string }[]>`
    select distinct item -> 'specification' ->> 'id' as id
    from order_management.product_order o,
      jsonb_array_elements(o.doc -> 'order' -> 'request' -> 'items') item
    where o.id = any(${orderIds as string[]}) and item -> 'specification' ->> 'id' is not null`;
  return findRules(tx, [...new Set([...specificationIds, ...rows.map(({ id }) => id)])]);
}

/** The newest policy of each service type. */
export async function newestPolicies(tx: Transaction): Promise<RecoveryPolicy[]> {
  const rows = await tx<{ doc: RecoveryPolicy }[]>`
    select distinct on (service_type) doc from order_management.recovery_policy
    order by service_type, revision desc`;
  return rows.map(({ doc }) => doc);
}
