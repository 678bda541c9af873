/** Expressions and conditions of a rule, held against what is declared. */
import { checkValue } from '../../../contracts/messages/characteristic-value.ts';
import type { Condition, DecompositionRule, Expression } from '../../../contracts/messages/decomposition.ts';
import type { CharacteristicSpecification } from '../../../contracts/messages/service-catalog.ts';
import type { Path } from './finding.decide.ts';
import { type Value, shown } from './scope.decide.ts';
import { conversionFault } from './units.decide.ts';

/** Says what is wrong at a place. */
export type Say = (path: Path, message: string) => void;

/** What a rule's expressions may read. */
export interface Readable {
  readonly own: readonly CharacteristicSpecification[];
  /** Of each bundle that the product may be part of. */
  readonly bundles: readonly DecompositionRule[];
}

const bundlePrefix = 'bundle.';

export function lintExpression(expression: Expression, at: Path, readable: Readable, say: Say): void {
  if ('value' in expression) return;
  if ('convert' in expression) {
    const fault = conversionFault(expression.from, expression.to);
    if (fault !== undefined) say([...at, 'convert'], `${fault}.`);
    return lintExpression(expression.convert, [...at, 'convert'], readable, say);
  }
  if ('from' in expression) return lintRead(expression.from, [...at, 'from'], readable, say);
  if ('translate' in expression) return lintExpression(expression.translate, [...at, 'translate'], readable, say);
  if ('join' in expression)
    return expression.join.forEach((one, index) => lintExpression(one, [...at, 'join', index], readable, say));
  if ('first' in expression)
    return expression.first.forEach((one, index) => lintExpression(one, [...at, 'first', index], readable, say));
  lintCondition(expression.when, [...at, 'when'], readable, say);
  lintExpression(expression.then, [...at, 'then'], readable, say);
  if (expression.otherwise !== undefined) lintExpression(expression.otherwise, [...at, 'otherwise'], readable, say);
}

export function lintCondition(condition: Condition, at: Path, readable: Readable, say: Say): void {
  if ('all' in condition)
    return condition.all.forEach((one, index) => lintCondition(one, [...at, 'all', index], readable, say));
  if ('any' in condition)
    return condition.any.forEach((one, index) => lintCondition(one, [...at, 'any', index], readable, say));
  if ('not' in condition) return lintCondition(condition.not, [...at, 'not'], readable, say);
  const { characteristic } = condition;
  lintRead(characteristic, [...at, 'characteristic'], readable, say);
  const declared = readable.own.find(({ name }) => name === characteristic);
  if (declared === undefined) return;
  const compared: Value[] = 'is' in condition ? [condition.is] : 'in' in condition ? condition.in : [];
  for (const value of compared) {
    const checked = checkValue(declared, value);
    const fault =
      'fault' in checked
        ? checked.fault
        : shown(checked.value) === shown(value)
          ? undefined
          : `is compared as ${shown(checked.value)}`;
    if (fault !== undefined) say(at, `never holds for ${shown(value)}: "${characteristic}" ${fault}.`);
  }
  const bounds = 'atLeast' in condition || 'atMost' in condition;
  if (bounds && declared.valueType !== 'integer' && declared.valueType !== 'number')
    say(at, `never holds: "${characteristic}" is declared as ${declared.valueType}, not as a number.`);
}

function lintRead(name: string, at: Path, { own, bundles }: Readable, say: Say): void {
  if (!name.startsWith(bundlePrefix)) {
    if (!own.some((one) => one.name === name))
      say(at, `reads "${name}", which the rule does not declare${listed(own.map((one) => one.name))}.`);
    return;
  }
  const wanted = name.slice(bundlePrefix.length);
  // Of a bundle's bundle only the rules around it could tell.
  if (wanted.startsWith(bundlePrefix)) return;
  if (bundles.length === 0) say(at, `reads "${name}", but no bundle has such a product.`);
  for (const { specification, characteristics } of bundles) {
    if (!characteristics.some((one) => one.name === wanted))
      say(
        at,
        `reads "${name}", which bundle ${specification.id} ${specification.version} does not declare${listed(characteristics.map((one) => one.name))}.`,
      );
  }
}

const listed = (names: readonly string[]): string => (names.length === 0 ? '' : ` (it has ${names.join(', ')})`);

/** Characteristics as they are declared: names once, defaults and bounds that go together. */
export function lintDeclared(characteristics: readonly CharacteristicSpecification[], say: Say): void {
  characteristics.forEach((one, index) => {
    const at = ['characteristics', index];
    if (characteristics.findIndex(({ name }) => name === one.name) < index)
      say([...at, 'name'], `"${one.name}" is declared twice.`);
    if (one.pattern !== undefined && !isPattern(one.pattern))
      return say([...at, 'pattern'], `"${one.pattern}" is not a regular expression.`);
    if (one.minimum !== undefined && one.maximum !== undefined && one.minimum > one.maximum)
      say(
        [...at, 'minimum'],
        `is above the maximum: no value is both at least ${one.minimum} and at most ${one.maximum}.`,
      );
    for (const [index2, value] of (one.allowed ?? []).entries()) {
      const checked = checkValue({ ...one, allowed: undefined }, value);
      if ('fault' in checked) say([...at, 'allowed', index2], `"${one.name}" ${checked.fault}.`);
    }
    const checked = one.default === undefined || one.default === null ? undefined : checkValue(one, one.default);
    if (checked !== undefined && 'fault' in checked) say([...at, 'default'], `"${one.name}" ${checked.fault}.`);
  });
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Values that a target gets, held against what it declares. */
export function lintTarget(
  values: Readonly<Record<string, Expression>>,
  target: { readonly title: string; readonly characteristics: readonly CharacteristicSpecification[] },
  at: Path,
  say: Say,
): void {
  const declared = new Map(target.characteristics.map((one) => [one.name, one]));
  for (const [name, expression] of Object.entries(values)) {
    const specification = declared.get(name);
    if (specification === undefined) {
      say([...at, name], `${target.title} has no characteristic "${name}"${listed([...declared.keys()])}.`);
      continue;
    }
    for (const value of constants(expression)) {
      const checked = checkValue(specification, value);
      if ('fault' in checked) say([...at, name], `"${name}" of ${target.title} ${checked.fault}.`);
    }
  }
  for (const { name, required, default: otherwise } of declared.values()) {
    if (required && otherwise === undefined && !Object.hasOwn(values, name))
      say(at, `leaves out "${name}", which ${target.title} requires.`);
  }
}

/** The values that an expression may come to and that stand in the rule. */
function constants(expression: Expression): Value[] {
  if ('value' in expression) return [expression.value];
  if ('convert' in expression || 'join' in expression) return [];
  if ('from' in expression) return expression.default === undefined ? [] : [expression.default];
  if ('translate' in expression)
    return [...Object.values(expression.by), ...(expression.otherwise === undefined ? [] : [expression.otherwise])];
  if ('first' in expression) return expression.first.flatMap(constants);
  return [expression.then, ...(expression.otherwise === undefined ? [] : [expression.otherwise])].flatMap(constants);
}
