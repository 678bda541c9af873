/** What services have in common in TMF641 and TMF638, to the fleet's words and back. Pure. */
import type * as z from 'zod';

import type { Characteristics, PartyRef, PlaceRef, SpecificationRef } from '../../contracts/messages/values.ts';
import type {
  characteristic,
  relatedParty,
  relatedPlace,
  serviceSpecificationRef,
} from '../../contracts/tmf/common.ts';
import { refuse } from '../tmf630/errors.ts';

type Characteristic = z.infer<typeof characteristic>;

/**
 * Characteristics by name.
 *
 * @throws 400 when a name comes twice: nobody could say which of the two is meant
 */
export function toCharacteristics(list: readonly Characteristic[] | undefined, where: string): Characteristics {
  const characteristics: Characteristics = {};
  for (const { name, value } of list ?? []) {
    if (Object.hasOwn(characteristics, name))
      throw refuse('invalidBody', `Characteristic '${name}' comes twice in ${where}.`);
    characteristics[name] = (value ?? null) as Characteristics[string];
  }
  return characteristics;
}

/**
 * Characteristics as TMF lists them, always in the same order: the client's, then by name (the database does not keep the
 * order of names). What the client said of one beside its value is kept.
 */
export function fromCharacteristics(
  characteristics: Characteristics,
  said: readonly Characteristic[] = [],
): Characteristic[] {
  const before = new Map(said.map((one) => [one.name, one]));
  const names = new Set([...before.keys(), ...Object.keys(characteristics).toSorted()]);
  return [...names].flatMap((name) => {
    const value = Object.hasOwn(characteristics, name) ? characteristics[name] : null;
    return value == null ? [] : [{ valueType: valueTypeOf(value), ...before.get(name), name, value }];
  });
}

function valueTypeOf(value: Characteristics[string]): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

export const toParties = (list: readonly z.infer<typeof relatedParty>[] | undefined): PartyRef[] => [...(list ?? [])];
export const toPlaces = (list: readonly z.infer<typeof relatedPlace>[] | undefined): PlaceRef[] => [...(list ?? [])];

export function toSpecification(ref: z.infer<typeof serviceSpecificationRef> | undefined): {
  specification?: SpecificationRef;
} {
  if (ref === undefined) return {};
  const { id, version, name } = ref;
  return {
    specification: { id, ...(version === undefined ? {} : { version }), ...(name === undefined ? {} : { name }) },
  };
}
