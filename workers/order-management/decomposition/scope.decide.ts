import type { Characteristics } from '../../../contracts/messages/values.ts';

/** A characteristic's value: any JSON. */
export type Value = Characteristics[string];

/** What conditions and expressions read: a product's characteristics, where each is from, and its bundle's. */
export interface Scope {
  readonly characteristics: Characteristics;
  /** In words, by characteristic: `item "1" says so`. */
  readonly origins: Readonly<Record<string, string>>;
  readonly bundle?: Scope | undefined;
}

const bundlePrefix = 'bundle.';

/** The value of a characteristic of the product, or, as `bundle.<name>`, of the product it is part of. Null is no value. */
export function read(scope: Scope, path: string): { value: Value | undefined; origin: string } {
  if (path.startsWith(bundlePrefix)) {
    if (scope.bundle === undefined) return { value: undefined, origin: 'it is not part of a bundle' };
    const { value, origin } = read(scope.bundle, path.slice(bundlePrefix.length));
    return { value, origin: value === undefined ? origin : `of the bundle, ${origin}` };
  }
  const value = Object.hasOwn(scope.characteristics, path) ? scope.characteristics[path] : undefined;
  if (value === undefined || value === null) return { value: undefined, origin: 'nothing is said of it' };
  return { value, origin: scope.origins[path] ?? 'as the product has it' };
}

/** A number, also where it came as text, as many clients send it. */
export function asNumber(value: Value | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The same content with the keys of all objects in order: what a database or a client did to the order of keys is undone. */
export function canonical<T>(value: T): T {
  if (Array.isArray(value)) return value.map((one: unknown) => canonical(one)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(sorted.map(([name, one]) => [name, canonical(one as unknown)])) as T;
}

export const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));

const longestShown = 60;

/** A value as a sentence shows it. */
export function shown(value: Value): string {
  const text = JSON.stringify(canonical(value));
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
