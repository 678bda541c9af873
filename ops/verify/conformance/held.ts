import { isDeepStrictEqual } from 'node:util';

/** What the network holds for the service, by platform; a platform that holds nothing is left out. */
export type Held = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export const isNothing = (held: Held): boolean => Object.keys(held).length === 0;

/**
 * What is held, with every value that nobody ordered replaced by its type: a port, an address or an id that the network
 * chose may be another one next time.
 *
 * @param ordered the values that must be exactly what was ordered
 */
export function likeness(held: Held, ordered: readonly unknown[]): unknown {
  const masked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(masked);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, masked(one)]));
    if (typeof value === 'boolean' || ordered.some((one) => isDeepStrictEqual(one, value))) return value;
    return `some ${typeof value}`;
  };
  return masked(held);
}

/** The plain values in some characteristics, however deep. */
export function valuesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(valuesIn);
}

/** As it stands in a sentence. */
export const json = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
