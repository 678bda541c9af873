/** Documents leave out what there is nothing to say of. Pure. */
import type { JsonObject } from '../../contracts/tmf/common.ts';

/** The values that are there. */
export const defined = <Values extends object>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Values]?: Exclude<Values[Name], undefined>;
  };

/** The named attributes that are there. */
export function picked<Source extends object, Name extends keyof Source>(
  source: Source,
  names: readonly Name[],
): { [N in Name]?: Exclude<Source[N], undefined> } {
  const there: { [N in Name]?: Source[N] } = {};
  for (const name of names) if (source[name] !== undefined) there[name] = source[name];
  return there as { [N in Name]?: Exclude<Source[N], undefined> };
}

/** A list under its name, unless it is empty. */
export const listed = (name: string, list: readonly unknown[]): JsonObject =>
  list.length === 0 ? {} : { [name]: list };
