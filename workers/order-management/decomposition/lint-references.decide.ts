/** Components of rules and bundles that name each other. */
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import { waits } from './graph.decide.ts';
import type { Say } from './lint-values.decide.ts';
import { ruleFor, titleOf } from './rules.decide.ts';

type Rules = readonly DecompositionRule[];

/** The rule a bundled product would get now. */
function bundledRule(
  rules: Rules,
  { products }: DecompositionRule,
  name: string | undefined,
): DecompositionRule | undefined {
  const bundled = products.find((one) => one.name === name);
  const found = bundled && ruleFor(rules, bundled.specification);
  return found === undefined || 'code' in found ? undefined : found;
}

/** The rules of bundles that have such a product. */
export const bundlesOf = (rules: Rules, { specification: { id, version } }: DecompositionRule): DecompositionRule[] =>
  rules.filter(({ products }) =>
    products.some(({ specification }) => specification.id === id && (specification.version ?? version) === version),
  );

/** What bundles contain: products that there are rules for, and not themselves. */
export function lintBundle(rules: Rules, rule: DecompositionRule, say: Say): void {
  rule.products.forEach(({ name, specification }, index) => {
    const at = ['products', index, 'specification'];
    const found = ruleFor(rules, specification);
    if ('code' in found) say(at, found.reason);
    else {
      const circle = contains(rules, found, rule, [rule, found]);
      if (circle !== undefined)
        say(at, `"${name}" makes the bundle contain itself: ${circle.map(titleOf).join(' -> ')}.`);
    }
  });
}

function contains(rules: Rules, from: DecompositionRule, wanted: DecompositionRule, path: Rules): Rules | undefined {
  const { id, version } = wanted.specification;
  if (from.specification.id === id && from.specification.version === version) return path;
  for (const { name } of from.products) {
    const next = bundledRule(rules, from, name);
    if (next === undefined || (path.includes(next) && next !== wanted)) continue;
    const found = contains(rules, next, wanted, [...path, next]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** References to components: each is there, what must be there stands on nothing that may be left out. */
export function lintReferences(rules: Rules, rule: DecompositionRule, say: Say): void {
  rule.services.forEach(({ name, optional, after, standsOn }, index) => {
    for (const [attribute, refs] of [
      ['after', after],
      ['standsOn', standsOn],
    ] as const) {
      refs.forEach((ref, place) => {
        const at = ['services', index, attribute, place];
        if (!isThere(rules, rule, ref.split('/'))) say(at, `"${ref}" is no component of ${around(rules, rule)}.`);
        const below = rule.services.find((one) => one.name === ref);
        if (attribute === 'standsOn' && below?.optional === true && !optional)
          say(at, `"${name}" must be delivered and stands on "${ref}", which may be left out.`);
      });
    }
  });
}

function isThere(rules: Rules, rule: DecompositionRule, path: readonly string[], seen: Rules = []): boolean {
  if (seen.includes(rule)) return false;
  const [first, ...rest] = path;
  if (rest.length === 0) return rule.services.some(({ name }) => name === first);
  if (rule.products.some(({ name }) => name === first)) return isInside(rules, rule, path);
  return bundlesOf(rules, rule).some((bundle) => isThere(rules, bundle, path, [...seen, rule]));
}

function isInside(rules: Rules, rule: DecompositionRule, [first, ...rest]: readonly string[]): boolean {
  if (rest.length === 0) return rule.services.some(({ name }) => name === first);
  const next = bundledRule(rules, rule, first);
  return next !== undefined && isInside(rules, next, rest);
}

function around(rules: Rules, rule: DecompositionRule): string {
  const bundles = bundlesOf(rules, rule);
  return [rule, ...bundles].map(titleOf).join(' or ');
}

/** More is no bundle that anybody sells, and takes long to look through. */
const mostProducts = 500;

/** Components that would each have to be done before the other, in a bundle with all it may have. */
export function lintCircles(rules: Rules, rule: DecompositionRule, say: Say): void {
  const graph = waits();
  const names = new Map<string, string[]>();
  const open: { rule: DecompositionRule; path: string[]; chain: DecompositionRule[] }[] = [
    { rule, path: [], chain: [rule] },
  ];
  const places: typeof open = [];
  for (let place = open.shift(); place !== undefined && places.length < mostProducts; place = open.shift()) {
    places.push(place);
    for (const { name } of place.rule.products) {
      const next = bundledRule(rules, place.rule, name);
      if (next !== undefined && !place.chain.includes(next))
        open.push({ rule: next, path: [...place.path, name], chain: [...place.chain, next] });
    }
  }
  for (const { rule: here, path, chain } of places) {
    for (const { name, after, standsOn } of here.services) {
      const key = [...path, name].join('/');
      names.set(key, [...path, name]);
      for (const ref of [...after, ...standsOn]) {
        const parts = ref.split('/');
        const depth =
          parts.length === 1
            ? path.length
            : chain.findLastIndex(({ products }) => products.some((one) => one.name === parts[0]));
        if (depth >= 0) graph.wait(key, [...path.slice(0, depth), ...parts].join('/'));
      }
    }
  }
  const circle = graph.circle();
  if (circle === undefined) return;
  const firsts = new Set(circle.map((key) => key.split('/').slice(0, -1)[0]));
  // All within one bundled product: said of that product's own rule.
  if (firsts.size === 1 && !firsts.has(undefined)) return;
  const index = rule.services.findIndex(({ name }) => circle.includes(name));
  say(
    index < 0 ? ['products'] : ['services', index],
    `Each would have to be done before the next: ${circle.toReversed().join(' -> ')}.`,
  );
}
