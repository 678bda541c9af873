/** Attribute paths, checked against a resource's zod schema before they come anywhere near the database. */
import type { core } from 'zod';

import type { ResourceDescriptor } from './descriptor.ts';
import { refuse, shorten } from './errors.ts';
import type { AttributePath, LeafType, Step } from './query-model.ts';

/** Deeper paths are mistakes: TMF resources nest by recursion, and nobody filters on the eighth order item within. */
const MAX_PATH_DEPTH = 8;

/** A name below a value of any type; our own schemas' names need no check. */
const OPEN_NAME = /^[@A-Za-z_$][\w$@:-]{0,63}$/;

/**
 * Finds an attribute in a resource's schema.
 * @param text the dotted path as the client wrote it
 * @throws 400 `unknownAttribute` naming the first step that does not exist; 400 `invalidQuery` for a path too deep
 */
export function resolveAttribute(resource: ResourceDescriptor, text: string): AttributePath {
  const names = text.split('.');
  if (names.length > MAX_PATH_DEPTH) {
    throw refuse('invalidQuery', `'${shorten(text)}' goes deeper than ${MAX_PATH_DEPTH} attributes.`);
  }
  const steps: Step[] = [];
  let places: readonly core.$ZodType[] = [resource.schema];
  for (const [depth, name] of names.entries()) {
    const found = places.some(isOpen) ? (OPEN_NAME.test(name) ? 'open' : undefined) : member(places, name);
    if (found === undefined) throw unknown(resource, text, names.slice(0, depth + 1).join('.'));
    if (found === 'open') {
      steps.push({ name, array: false });
      continue;
    }
    steps.push({ name, array: found.array });
    places = found.schemas;
  }
  return { text, steps, leaf: leafOf(places), column: text === 'id' ? 'id' : resource.columns[text] };
}

function unknown(resource: ResourceDescriptor, text: string, upTo: string) {
  const where = upTo === text ? '' : ` (in '${shorten(text)}')`;
  return refuse('unknownAttribute', `A ${resource.name} has no attribute '${shorten(upTo)}'${where}.`, {
    message:
      'Attribute names are spelled and cased as in the published document; the parts of a path are joined by dots.',
  });
}

/** The schemas a value may have once optional, union and the like are looked through. Arrays stay. */
function unwrap(schema: core.$ZodType): readonly core.$ZodType[] {
  const { def } = (schema as core.$ZodTypes)._zod;
  if ('innerType' in def) return unwrap(def.innerType);
  if (def.type === 'lazy') return unwrap(def.getter());
  if (def.type === 'union') return def.options.flatMap(unwrap);
  if (def.type === 'intersection') return [...unwrap(def.left), ...unwrap(def.right)];
  if (def.type === 'pipe') return unwrap(def.out);
  return [schema];
}

function member(
  places: readonly core.$ZodType[],
  name: string,
): { schemas: readonly core.$ZodType[]; array: boolean } | undefined {
  const schemas = places.flatMap((place) => {
    const { def } = (place as core.$ZodTypes)._zod;
    if (def.type === 'record') return unwrap(def.valueType);
    const inner = def.type === 'object' && Object.hasOwn(def.shape, name) ? def.shape[name] : undefined;
    return inner === undefined ? [] : unwrap(inner);
  });
  if (schemas.length === 0) return undefined;
  const elements = schemas.map(elementOf);
  return { schemas: elements.flatMap(({ element }) => element), array: elements.some(({ array }) => array) };
}

function elementOf(schema: core.$ZodType): { element: readonly core.$ZodType[]; array: boolean } {
  const { def } = (schema as core.$ZodTypes)._zod;
  return def.type === 'array' ? { element: unwrap(def.element), array: true } : { element: [schema], array: false };
}

function isOpen(schema: core.$ZodType): boolean {
  const { type } = (schema as core.$ZodTypes)._zod.def;
  return type === 'unknown' || type === 'any';
}

/** What the values at the end of a path are compared as; `any` when the schema admits several types. */
function leafOf(places: readonly core.$ZodType[]): LeafType {
  const kinds = new Set(places.map(kindOf));
  const [only] = kinds;
  return kinds.size === 1 && only !== undefined ? only : 'any';
}

function kindOf(schema: core.$ZodType): LeafType {
  const { def } = (schema as core.$ZodTypes)._zod;
  if (def.type === 'string') return 'format' in def && def.format === 'datetime' ? 'instant' : 'string';
  if (def.type === 'number' || def.type === 'boolean') return def.type;
  if (def.type === 'enum' || def.type === 'literal') return 'string';
  if (def.type === 'object' || def.type === 'record' || def.type === 'array') return 'object';
  return 'any';
}
