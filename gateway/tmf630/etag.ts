/** Entity tags: the revision in quotes. The same revision is the same document, whichever replica answers. */
import { preconditionFailed } from './errors.ts';

/** The ETag of a revision. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revisions an `If-Match` header admits; undefined when there is no header or it says `*`, that is, any. A tag that is
 * not one of ours, or weak, admits nothing (RFC 9110, 13.1.1: If-Match compares strongly).
 */
export function readIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag = '']) =>
    weak === undefined && /^\d{1,15}$/.test(tag) ? [Number(tag)] : [],
  );
}

/**
 * Holds a resource's revision against what the client saw.
 * @throws 412 when `ifMatch` does not admit it
 */
export function requireMatch(
  ifMatch: readonly number[] | undefined,
  resource: string,
  view: { id: string; revision: number },
): void {
  if (ifMatch !== undefined && !ifMatch.includes(view.revision)) {
    throw preconditionFailed(resource, view.id, view.revision);
  }
}

/** Whether an `If-None-Match` header says the client has this revision already. */
export function isKnown(header: string | undefined, revision: number): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(/"([^"]*)"/g)].some(([, tag]) => tag === String(revision));
}
