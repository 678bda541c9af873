import { checkValue } from '../../contracts/messages/characteristic-value.ts';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';

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
    const checked = checkValue(characteristic, value);
    if ('fault' in checked) wrong.push(`"${characteristic.name}" ${checked.fault}`);
  }
  if (wrong.length > 0)
    return { ok: false, failure: { code: 'invalidCharacteristic', reason: `${wrong.join('; ')}.` } };
  return { ok: true, characteristics: filled };
}
