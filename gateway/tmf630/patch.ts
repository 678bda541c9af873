/** A PATCH that was understood: a function from the document as it is to the document as it is wanted. */
import { isDeepStrictEqual } from 'node:util';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { asObject, isObject, MAX_BODY_BYTES, MAX_BODY_DEPTH, type Body } from './body.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import { refuse } from './errors.ts';
import { describeIssues } from './issues.ts';
import { applyJsonPatch, jsonPatchSchema } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';

/** The media types PATCH understands. Plain JSON merges, as TMF630 has it. */
export const patchMediaTypes = [
  'application/json',
  'application/merge-patch+json',
  'application/json-patch+json',
] as const;

/** What a patch makes of a document. */
export interface Patched {
  readonly doc: JsonObject;
  /** The names of the top-level attributes that differ, sorted; empty when the patch changes nothing. */
  readonly changed: readonly string[];
}

/** A patch, ready to be applied to any revision of its resource. */
export interface Patch {
  /** Which of the two kinds of patch the client sent. */
  readonly kind: 'merge' | 'json-patch';
  /** The body as it was sent. */
  readonly body: unknown;
  /**
   * The document with the patch applied. Pure: apply it again to a newer revision when the first one was overtaken.
   * @throws 400 `notPatchable`, `invalidPatch` or `invalidBody`, 409 `patchTestFailed`
   */
  apply(current: JsonObject): Patched;
}

/**
 * Understands the body of a PATCH.
 * @param asRead the document as clients read it, with its hrefs: they may send it back as they read it
 * @throws 400 when the body is no patch of its kind
 */
export function readPatch(
  resource: ResourceDescriptor,
  asRead: (document: JsonObject) => JsonObject,
  body: Body,
): Patch {
  const asJsonPatch = body.mediaType === 'application/json-patch+json';
  const transform = asJsonPatch ? jsonPatch(body.json) : merge(asObject(body.json));
  return {
    kind: asJsonPatch ? 'json-patch' : 'merge',
    body: body.json,
    apply(current) {
      const before = asRead(current);
      const after = transform(before);
      if (!isObject(after)) throw refuse('invalidPatch', 'The patch would leave something that is no object.');
      const changed = differences(before, after);
      refuseFixed(resource, changed);
      const kept = check(resource, after, changed);
      delete kept['href'];
      return { doc: kept, changed };
    },
  };
}

function merge(body: JsonObject): (document: JsonObject) => unknown {
  return (document) => mergePatch(document, body);
}

function jsonPatch(json: unknown): (document: JsonObject) => unknown {
  const parsed = jsonPatchSchema.safeParse(json, { reportInput: true });
  if (!parsed.success) throw refuse('invalidPatch', ...describeIssues(parsed.error.issues));
  return (document) => applyJsonPatch(document, parsed.data);
}

function refuseFixed(resource: ResourceDescriptor, changed: readonly string[]): void {
  const fixed = changed.filter((name) => resource.notPatchable?.includes(name) === true);
  if (fixed.length === 0) return;
  throw refuse('notPatchable', `${fixed.join(', ')} cannot be changed by a PATCH.`, {
    message: `Leave ${fixed.length === 1 ? 'it' : 'them'} out, or as read. Never patchable in a ${resource.name}: ${(resource.notPatchable ?? []).join(', ')}.`,
  });
}

/** A document grows by what the server adds to it too, so patches may take it further than a creating body. */
const MAX_PATCHED_BYTES = 2 * MAX_BODY_BYTES;

/** Holds what changed against the schema. What was there before is not the client's to answer for. */
function check(resource: ResourceDescriptor, after: JsonObject, changed: readonly string[]): JsonObject {
  if (depthOf(after) > MAX_BODY_DEPTH)
    throw refuse('invalidBody', `The patch nests deeper than ${MAX_BODY_DEPTH} levels.`);
  if (Buffer.byteLength(JSON.stringify(after)) > MAX_PATCHED_BYTES) {
    throw refuse(
      'invalidBody',
      `The patch would make the ${resource.name} larger than ${MAX_PATCHED_BYTES / 1024} KiB.`,
    );
  }
  const parsed = resource.schema.safeParse(after, { reportInput: true });
  if (parsed.success) return { ...parsed.data };
  const own = parsed.error.issues.filter((issue) => issue.path.length === 0 || changed.includes(String(issue.path[0])));
  if (own.length > 0) throw refuse('invalidBody', ...describeIssues(own));
  return { ...after };
}

function differences(before: JsonObject, after: JsonObject): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).toSorted();
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
