import type { DecompositionRule, RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import type { Checked, Finding, Path } from './finding.decide.ts';
import { lintPolicy } from './lint-policy.decide.ts';
import { bundlesOf, lintBundle, lintCircles, lintReferences } from './lint-references.decide.ts';
import { type Say, lintCondition, lintDeclared, lintExpression, lintTarget } from './lint-values.decide.ts';
import { ruleFor, titleOf } from './rules.decide.ts';
import { same } from './scope.decide.ts';

/** What is wrong with rules and recovery policies, by themselves and together. */
export function lint(checked: Checked): Finding[] {
  const { rules, policies } = checked;
  const findings: Finding[] = [];
  const about = (one: DecompositionRule | RecoveryPolicy): Say => {
    const said = new Set<string>();
    return (path: Path, message: string) => {
      const key = JSON.stringify([path, message]);
      if (!said.has(key)) findings.push({ in: one, path, message });
      said.add(key);
    };
  };
  for (const rule of rules) lintRule(checked, rule, about(rule));
  for (const policy of policies) {
    lintPolicy(policy, about(policy));
    lintRevisions(policies, policy, ({ serviceType }) => serviceType, about(policy));
  }
  if (!policies.some(({ serviceType }) => serviceType === '*')) {
    for (const rule of rules) {
      rule.services.forEach(({ serviceType }, index) => {
        if (!policies.some((one) => one.serviceType === serviceType))
          about(rule)(
            ['services', index, 'serviceType'],
            `There is no recovery policy for service type "${serviceType}", and none for all others ("*").`,
          );
      });
    }
  }
  return findings;
}

function lintRule({ rules, specifications }: Checked, rule: DecompositionRule, say: Say): void {
  const readable = { own: rule.characteristics, bundles: bundlesOf(rules, rule) };
  lintDeclared(rule.characteristics, say);
  lintNames(rule, say);
  lintBundle(rules, rule, say);
  lintReferences(rules, rule, say);
  lintCircles(rules, rule, say);
  lintRevisions(rules, rule, ({ specification: { id, version } }) => JSON.stringify([id, version]), say);
  const twin = rules.find((one) => one !== rule && titleOf(one) === titleOf(rule));
  if (twin !== undefined && !same(twin, rule))
    say(
      ['version'],
      `${titleOf(rule)} is there twice with different content; a change needs a version and revision of its own.`,
    );
  if (rule.services.length + rule.products.length === 0)
    say(['services'], 'The product comes to nothing: there are neither services nor products.');

  rule.services.forEach((component, index) => {
    const at = ['services', index];
    if (component.when !== undefined) lintCondition(component.when, [...at, 'when'], readable, say);
    for (const [name, expression] of Object.entries(component.characteristics))
      lintExpression(expression, [...at, 'characteristics', name], readable, say);
    if (specifications === undefined) return;
    const { id, version } = component.specification;
    const target = specifications.find((one) => one.id === id && one.version === version);
    if (target === undefined)
      return say([...at, 'specification'], `There is no service specification ${id} ${version}.`);
    if (target.serviceType !== component.serviceType)
      say(
        [...at, 'serviceType'],
        `is "${component.serviceType}", but ${id} ${version} is of service type "${target.serviceType}".`,
      );
    lintTarget(component.characteristics, { ...target, title: `${id} ${version}` }, [...at, 'characteristics'], say);
  });
  rule.products.forEach((bundled, index) => {
    const at = ['products', index];
    if (bundled.when !== undefined) lintCondition(bundled.when, [...at, 'when'], readable, say);
    if (bundled.quantity !== undefined) lintExpression(bundled.quantity, [...at, 'quantity'], readable, say);
    for (const [name, expression] of Object.entries(bundled.characteristics))
      lintExpression(expression, [...at, 'characteristics', name], readable, say);
    const part = ruleFor(rules, bundled.specification);
    if ('code' in part) return;
    // A nested item may say what the bundle does not.
    const characteristics = part.characteristics.map((one) => ({ ...one, required: false }));
    lintTarget(bundled.characteristics, { characteristics, title: titleOf(part) }, [...at, 'characteristics'], say);
  });
}

/** Names within a rule mean one thing. */
function lintNames({ services, products }: DecompositionRule, say: Say): void {
  const names = [
    ...services.map(({ name }, index) => ({ name, at: ['services', index, 'name'] })),
    ...products.map(({ name }, index) => ({ name, at: ['products', index, 'name'] })),
  ];
  names.forEach(({ name, at }, index) => {
    if (names.findIndex((one) => one.name === name) < index) say(at, `"${name}" is the name of another component too.`);
  });
}

/** Revisions of one thing follow each other, each with content of its own. */
function lintRevisions<Of extends { readonly revision: number }>(
  all: readonly Of[],
  one: Of,
  family: (of: Of) => string,
  say: Say,
): void {
  const others = all.filter((other) => family(other) === family(one) && !same(other, one));
  const before = others.map(({ revision }) => revision).filter((revision) => revision <= one.revision);
  const newest = Math.max(0, ...before);
  if (before.includes(one.revision))
    say(['revision'], `${one.revision} is the revision of another one too; each change counts on.`);
  else if (newest > 0 && newest !== one.revision - 1)
    say(['revision'], `is ${one.revision}, and the one before it is ${newest}: revisions are consecutive.`);
}
