/** JSON Patch (RFC 6902). */
import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { isObject, MAX_BODY_BYTES } from './body.ts';
import { refuse, shorten } from './errors.ts';

/** Enough for any hand-made change; a patch of more is a replacement in disguise. */
const MOST_OPERATIONS = 100;

const pointer = z
  .string()
  .regex(/^(?:\/(?:[^~]|~[01])*)*$/, { error: "is not a JSON Pointer: it begins with '/' and escapes '~' as '~0'" });

/** The body of a JSON Patch. */
export const jsonPatchSchema = z
  .array(
    z.discriminatedUnion('op', [
      z.object({ op: z.literal('add'), path: pointer, value: z.unknown() }),
      z.object({ op: z.literal('remove'), path: pointer }),
      z.object({ op: z.literal('replace'), path: pointer, value: z.unknown() }),
      z.object({ op: z.literal('move'), path: pointer, from: pointer }),
      z.object({ op: z.literal('copy'), path: pointer, from: pointer }),
      z.object({ op: z.literal('test'), path: pointer, value: z.unknown() }),
    ]),
  )
  .min(1)
  .max(MOST_OPERATIONS);

export type JsonPatch = z.infer<typeof jsonPatchSchema>;

/**
 * The document with all operations applied, or none: the argument is not changed.
 * @throws 400 `invalidPatch` when a path leads nowhere; 409 `patchTestFailed` when a `test` does not hold
 */
export function applyJsonPatch(document: unknown, operations: JsonPatch): unknown {
  let root: unknown = structuredClone(document);
  let copied = 0;
  for (const [index, operation] of operations.entries()) {
    const path = steps(operation.path);
    const fail = (why: string) =>
      refuse('invalidPatch', `Operation ${index} (${operation.op} ${shorten(operation.path)}) ${why}.`);
    switch (operation.op) {
      case 'add':
        root = add(root, path, structuredClone(operation.value), fail);
        break;
      case 'remove':
        root = remove(root, path, fail);
        break;
      case 'replace':
        root =
          path.length === 0
            ? structuredClone(operation.value)
            : replace(root, path, structuredClone(operation.value), fail);
        break;
      case 'move': {
        if (operation.path.startsWith(`${operation.from}/`)) throw fail('moves a value into itself');
        const from = steps(operation.from);
        const moved = find(root, from, fail);
        root = add(remove(root, from, fail), path, moved, fail);
        break;
      }
      case 'copy':
        copied += JSON.stringify(find(root, steps(operation.from), fail)).length;
        // Copies of copies double each time: a short patch could ask for more than memory holds.
        if (copied > MAX_BODY_BYTES) throw fail('copies more than a body may hold');
        root = add(root, path, structuredClone(find(root, steps(operation.from), fail)), fail);
        break;
      case 'test':
        if (!isDeepStrictEqual(find(root, path, fail), operation.value)) {
          throw refuse(
            'patchTestFailed',
            `Operation ${index}: ${shorten(operation.path)} is not what the test expects.`,
            {
              message: 'The resource has changed, or never was so. Read it again.',
            },
          );
        }
        break;
    }
  }
  return root;
}

type Fail = (why: string) => Error;

function steps(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(root: unknown, path: readonly string[], fail: Fail): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[existingIndex(value, step, fail)];
    if (isObject(value) && Object.hasOwn(value, step)) return value[step];
    throw fail(`finds nothing at '${shorten(step)}'`);
  }, root);
}

/** Where the path's last step is to be applied. */
function parent(root: unknown, path: readonly string[], fail: Fail): { container: unknown; last: string } {
  return { container: find(root, path.slice(0, -1), fail), last: path.at(-1) ?? '' };
}

function add(root: unknown, path: readonly string[], value: unknown, fail: Fail): unknown {
  if (path.length === 0) return value;
  const { container, last } = parent(root, path, fail);
  if (Array.isArray(container)) {
    const at =
      last === '-' || last === String(container.length) ? container.length : existingIndex(container, last, fail);
    container.splice(at, 0, value);
  } else set(container, last, value, fail);
  return root;
}

function replace(root: unknown, path: readonly string[], value: unknown, fail: Fail): unknown {
  find(root, path, fail);
  const { container, last } = parent(root, path, fail);
  if (Array.isArray(container)) container[existingIndex(container, last, fail)] = value;
  else set(container, last, value, fail);
  return root;
}

function remove(root: unknown, path: readonly string[], fail: Fail): unknown {
  if (path.length === 0) throw fail('would remove the whole resource');
  find(root, path, fail);
  const { container, last } = parent(root, path, fail);
  if (Array.isArray(container)) container.splice(existingIndex(container, last, fail), 1);
  else if (isObject(container)) delete container[last];
  return root;
}

function set(container: unknown, name: string, value: unknown, fail: Fail): void {
  if (!isObject(container)) throw fail('leads into a value that has no attributes');
  if (name === '__proto__') throw fail("names '__proto__'");
  container[name] = value;
}

function existingIndex(array: readonly unknown[], step: string, fail: Fail): number {
  if (!/^(?:0|[1-9]\d{0,8})$/.test(step) || Number(step) >= array.length) {
    throw fail(`has no array element '${shorten(step)}'`);
  }
  return Number(step);
}
