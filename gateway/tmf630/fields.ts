/** Attribute selection (TMF630, `fields`). */
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { isObject } from './body.ts';
import type { Fields, FieldTree } from './query-model.ts';

/**
 * The tree of wanted attributes. Asking for an attribute as a whole wins over asking for parts of it.
 * @param paths attribute paths, split at their dots
 */
export function fieldTree(paths: readonly (readonly string[])[]): FieldTree {
  const byFirst = [...Map.groupBy(paths, ([first = '']) => first)];
  return Object.fromEntries(
    byFirst.map(([first, group]) => [
      first,
      group.some((path) => path.length === 1) ? true : fieldTree(group.map((path) => path.slice(1))),
    ]),
  );
}

/** The document with the wanted attributes and, always, its id and href. Arrays are selected from element by element. */
export function project(document: JsonObject, fields: Fields): JsonObject {
  if (fields === 'all') return document;
  return select(document, { ...fields, id: true, href: true });
}

function select(value: JsonObject, tree: FieldTree): JsonObject {
  const chosen: JsonObject = {};
  for (const [name, wanted] of Object.entries(tree)) {
    if (!Object.hasOwn(value, name)) continue;
    chosen[name] = wanted === true ? value[name] : selectWithin(value[name], wanted);
  }
  return chosen;
}

function selectWithin(value: unknown, tree: FieldTree): unknown {
  if (Array.isArray(value)) return value.map((element) => selectWithin(element, tree));
  return isObject(value) ? select(value, tree) : value;
}
