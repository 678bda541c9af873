import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DecompositionRule, RecoveryPolicy } from '../../contracts/messages/decomposition.ts';
import { readRuleFiles } from '../cli/rules/files.ts';
import { publishRules } from '../cli/rules/publish.ts';
import type { Database } from '../platform/database.ts';

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Publishes the sample rules and recovery policies that order management does not know yet, and waits until it has them. A
 * system that knows others alone has its own: to that nothing is published.
 *
 * @throws when order management does not take them in time
 */
export async function loadRules(sql: Database, patienceMs: number): Promise<number> {
  const { rules: files, policies: more, findings } = await readRuleFiles([folder('rules'), folder('recovery')]);
  if (findings.length > 0) throw new Error(`The sample rules are broken: ${JSON.stringify(findings)}`);
  const before = await known(sql);
  const rules = files.map(({ rule }) => rule).filter((rule) => !before.rules.has(ruleKey(rule)));
  const policies = more.map(({ policy }) => policy).filter((policy) => !before.policies.has(policyKey(policy)));
  const hasOwnRules = before.rules.size > 0 && rules.length === files.length;
  const hasOwnPolicies = before.policies.size > 0 && policies.length === more.length;
  const wanted = { rules: hasOwnRules ? [] : rules, policies: hasOwnPolicies ? [] : policies };
  const count = wanted.rules.length + wanted.policies.length;
  if (count === 0) return 0;
  await publishRules(sql, wanted.rules, wanted.policies);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const now = await known(sql);
    const taken = wanted.rules.every((one) => now.rules.has(ruleKey(one)));
    if (taken && wanted.policies.every((one) => now.policies.has(policyKey(one)))) return count;
    if (Date.now() > deadline) throw new Error('Order management did not take the sample rules; look at its log.');
    await sleep(100);
  }
}

const ruleKey = ({ specification: { id, version }, version: rule }: DecompositionRule): string =>
  JSON.stringify([id, version, rule]);
const policyKey = ({ serviceType, revision }: RecoveryPolicy): string => JSON.stringify([serviceType, revision]);

async function known(sql: Database): Promise<{ rules: Set<string>; policies: Set<string> }> {
  const rules = await sql<{ key: string }[]>`
    select jsonb_build_array(specification_id, specification_version, version)::text as key from order_management.rule`;
  const policies = await sql<{ type: string; revision: number }[]>`
    select service_type as type, revision::int as revision from order_management.recovery_policy`;
  return {
    rules: new Set(rules.map(({ key }) => JSON.stringify(JSON.parse(key)))),
    policies: new Set(policies.map(({ type, revision }) => JSON.stringify([type, revision]))),
  };
}
