import type { CharacteristicSpecification, ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';

type Value = Characteristics[string];

/**
 * Holds characteristics against a specification: all known, the required ones there, each within its constraints.
 *
 * @returns the characteristics with defaults filled in, or what is wrong with them
 */
export function checkCharacteristics(
  specification: ServiceSpecification,
  given: Characteristics,
): { ok: true; characteristics: Characteristics } | { ok: false; failure: Failure } {
  const known = new Map(specification.characteristics.map((one) => [one.name, one]));
  const wrong: string[] = [];
  for (const name of Object.keys(given)) {
    if (!known.has(name))
      wrong.push(
        `"${name}" is not a characteristic of ${specification.id} ${specification.version} (it has ${[...known.keys()].join(', ')})`,
      );
  }
  const filled: Characteristics = { ...given };
  for (const characteristic of known.values()) {
    const value = given[characteristic.name] ?? characteristic.default;
    if (value === undefined || value === null) {
      if (characteristic.required) wrong.push(`"${characteristic.name}" is required`);
      continue;
    }
    filled[characteristic.name] = value;
    const fault = valueFault(characteristic, value);
    if (fault !== undefined) wrong.push(`"${characteristic.name}" ${fault}`);
  }
  if (wrong.length > 0)
    return { ok: false, failure: { code: 'invalidCharacteristic', reason: `${wrong.join('; ')}.` } };
  return { ok: true, characteristics: filled };
}

/** What is wrong with one value. Numbers may come as text, as many clients send them. */
function valueFault(specification: CharacteristicSpecification, value: Value): string | undefined {
  const { valueType, allowed, minimum, maximum, pattern } = specification;
  const typed = asType(valueType, value);
  if (typed === undefined) return `must be ${article(valueType)}, not ${JSON.stringify(value)}`;
  if (allowed !== undefined && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(typed))) {
    return `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}, not ${JSON.stringify(value)}`;
  }
  if (typeof typed === 'number' && minimum !== undefined && typed < minimum)
    return `must be at least ${minimum}, not ${typed}`;
  if (typeof typed === 'number' && maximum !== undefined && typed > maximum)
    return `must be at most ${maximum}, not ${typed}`;
  if (typeof typed === 'string' && pattern !== undefined && !new RegExp(pattern, 'u').test(typed))
    return `must match ${pattern}`;
  return undefined;
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
