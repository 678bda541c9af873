/**
 * Answers. Headers are complete when the response is made: the HTTP server sends a response that nobody touches again
 * without building the web's Response and Headers objects first, which is a fifth of the cost of a small answer.
 */
import { setImmediate as othersFirst } from 'node:timers/promises';

import type { Hono } from 'hono';

import { type BoundaryContext, type BoundaryEnv, requestIdOf } from './boundary.ts';
import { errorBodyOf, methodNotAllowed, type TmfError } from './errors.ts';
import { patchMediaTypes } from './patch.ts';

/** A JSON answer with the content type the TMF documents declare. */
export function json(
  c: BoundaryContext,
  body: unknown,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonText(c, JSON.stringify(body), status, headers);
}

/** The same, of a body that is JSON text already. */
export function jsonText(
  c: BoundaryContext,
  text: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonBytes(c, text, status, headers);
}

/** The same, of a body that may be large: as bytes it is kept once until the client has taken it, as text twice. */
export function jsonBytes(
  c: BoundaryContext,
  body: string | Uint8Array<ArrayBuffer>,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, {
    status,
    headers: { ...headers, 'X-Request-Id': requestIdOf(c), 'Content-Type': 'application/json;charset=utf-8' },
  });
}

/** Writing this much takes some 2 ms, in which nobody else is answered. */
const BREATH = 256 * 1024;

/** A JSON array of what is made one after the other, with room for other requests in between. */
export async function jsonArray(items: readonly (() => unknown)[]): Promise<Uint8Array<ArrayBuffer>> {
  const texts: string[] = [];
  let breath = 0;
  for (const item of items) {
    const text = JSON.stringify(item());
    texts.push(text);
    breath += text.length;
    if (breath < BREATH) continue;
    breath = 0;
    await othersFirst();
  }
  return Buffer.from(`[${texts.join(',')}]`);
}

/** An answer without a body, such as 204 or 304. */
export function empty(c: BoundaryContext, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { ...headers, 'X-Request-Id': requestIdOf(c) } });
}

/** The answer to an error: its status, its headers and its body. */
export function errorAnswer(c: BoundaryContext, error: TmfError): Response {
  return json(c, errorBodyOf(error), error.status, { ...error.headers, 'Cache-Control': 'no-store' });
}

/** Answers OPTIONS, and 405 to every method a known path does not have. To be called after the path's own routes. */
export function otherMethods(app: Hono<BoundaryEnv>, path: string, methods: readonly (string | false)[]): void {
  const offered = methods.filter((method) => method !== false);
  const allowed = [...offered, ...(offered.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  const patching = offered.includes('PATCH') ? { 'Accept-Patch': patchMediaTypes.join(', ') } : {};
  app.all(path, (c) => {
    if (c.req.method === 'OPTIONS') return empty(c, 204, { Allow: allowed.join(', '), ...patching });
    throw methodNotAllowed(c.req.method, allowed);
  });
}
