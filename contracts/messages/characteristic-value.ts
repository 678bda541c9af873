import type { CharacteristicSpecification } from './service-catalog.ts';
import type { Characteristics } from './values.ts';

type Value = Characteristics[string];

/**
 * Holds one value against what its characteristic may hold. Numbers and yes or no may come as text, as many clients send them.
 *
 * @returns the value in its type, or what is wrong with it, to be read behind the characteristic's name
 */
export function checkValue(
  specification: CharacteristicSpecification,
  value: Value,
): { readonly value: Value } | { readonly fault: string } {
  const { valueType, allowed, minimum, maximum, pattern } = specification;
  const typed = asType(valueType, value);
  const wrong = (fault: string) => ({ fault });
  if (typed === undefined) return wrong(`must be ${article(valueType)}, not ${JSON.stringify(value)}`);
  if (allowed !== undefined && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(typed)))
    return wrong(
      `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}, not ${JSON.stringify(value)}`,
    );
  if (typeof typed === 'number' && minimum !== undefined && typed < minimum)
    return wrong(`must be at least ${minimum}, not ${typed}`);
  if (typeof typed === 'number' && maximum !== undefined && typed > maximum)
    return wrong(`must be at most ${maximum}, not ${typed}`);
  if (typeof typed === 'string' && pattern !== undefined && !new RegExp(pattern, 'u').test(typed))
    return wrong(`must match ${pattern}`);
  return { value: typed };
}

function asType(valueType: CharacteristicSpecification['valueType'], value: Value): Value | undefined {
  switch (valueType) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'integer': {
      const number = asNumber(value);
      return number !== undefined && Number.isInteger(number) ? number : undefined;
    }
    case 'number':
      return asNumber(value);
    case 'boolean':
      return typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined;
    case 'array':
      return Array.isArray(value) ? value : undefined;
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    default:
      return valueType satisfies never;
  }
}

function asNumber(value: Value): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);
