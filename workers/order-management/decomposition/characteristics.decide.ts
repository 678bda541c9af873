import { checkValue } from '../../../contracts/messages/characteristic-value.ts';
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { Characteristics, Failure } from '../../../contracts/messages/values.ts';
import { titleOf } from './rules.decide.ts';
import type { Scope, Value } from './scope.decide.ts';

/** Values from one source; null takes a value away. What is `said` must be declared, what was there before need not be. */
export interface Layer {
  readonly values: Characteristics;
  readonly origin: (name: string) => string;
  readonly said: boolean;
}

/**
 * A product's characteristics: layer over layer, defaults below, each in its type and held against what the rule declares.
 */
export function productCharacteristics(
  rule: DecompositionRule,
  layers: readonly Layer[],
): Pick<Scope, 'characteristics' | 'origins'> | Failure {
  const declared = new Map(rule.characteristics.map((one) => [one.name, one]));
  const values = new Map<string, { value: Value; origin: string }>();
  const wrong: string[] = [];
  for (const layer of layers) {
    for (const name of Object.keys(layer.values).toSorted()) {
      const value = layer.values[name];
      if (layer.said && !declared.has(name)) {
        const names = declared.size === 0 ? 'has none' : `has ${[...declared.keys()].join(', ')}`;
        wrong.push(`"${name}" is not a characteristic of ${titleOf(rule)} (it ${names})`);
      } else if (value === null) values.delete(name);
      else if (value !== undefined) values.set(name, { value, origin: layer.origin(name) });
    }
  }
  for (const specification of declared.values()) {
    const { name, required, default: otherwise = null } = specification;
    if (!values.has(name) && otherwise !== null)
      values.set(name, { value: otherwise, origin: 'default of the product' });
    const given = values.get(name);
    if (given === undefined) {
      if (required) wrong.push(`"${name}" is required`);
      continue;
    }
    const checked = checkValue(specification, given.value);
    if ('fault' in checked) wrong.push(`"${name}" ${checked.fault}`);
    else values.set(name, { ...given, value: checked.value });
  }
  if (wrong.length > 0) return { code: 'invalidCharacteristic', reason: `${wrong.join('; ')}.` };
  const sorted = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    characteristics: Object.fromEntries(sorted.map(([name, { value }]) => [name, value])),
    origins: Object.fromEntries(sorted.map(([name, { origin }]) => [name, origin])),
  };
}
