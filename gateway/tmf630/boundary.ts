/** What every request brings along, and how the boundary is told to see it. */
import { randomUUID } from 'node:crypto';

import type { Context } from 'hono';

import { refuse, type TmfError } from './errors.ts';
import { baseUrlOf, splitUrl } from './href.ts';
import type { IdempotencyClaim } from './idempotency.ts';

/** A request's place in a trace. */
export interface RequestTrace {
  /**
   * The W3C `traceparent` that what the request sets going carries: of the request's span; of the client's, where none is
   * recorded; without one, the first of the resource's own trace.
   */
  carry(correlationId: string): string | undefined;
}

/** The boundary's own variables on a Hono context. */
export interface BoundaryEnv {
  Variables: { requestId: string; trace: RequestTrace };
}
export type BoundaryContext = Context<BoundaryEnv>;

/** How the outside world is seen. Everything has a safe default. */
export interface BoundaryOptions {
  /** The address clients use (PUBLIC_URL). Without it, links follow the Host header. */
  readonly publicUrl?: string | undefined;
  /** Whether a request's `X-Forwarded-*` headers are believed. Default: never. */
  readonly trustForwarded?: (c: BoundaryContext) => boolean;
  /** Who asks, as idempotency keys are scoped. Default: everybody is `anonymous`. */
  readonly clientOf?: (c: BoundaryContext) => string;
  /** Told of every failure that is ours (status 500 and up), with its cause. */
  readonly onFailure?: (failure: TmfError, request: { method: string; path: string; requestId: string }) => void;
}

/** A request as handlers see it. */
export interface RequestContext {
  /** Base of absolute links, such as `https://api.example.com`. */
  readonly baseUrl: string;
  readonly client: string;
  /** Goes back as X-Request-Id and along with every command as correlation. */
  readonly requestId: string;
  /** Where what the request sets going belongs in a trace. */
  readonly trace: RequestTrace;
  /** The request's query parameters, such as `dryRun` on a create. */
  readonly parameters: URLSearchParams;
  /** Present when the client sent an Idempotency-Key. */
  readonly idempotency: IdempotencyClaim | undefined;
}

/**
 * The context of one request. Plain values: an object literal with accessors is a hidden class of its own each time it is
 * made, and those kept so much alive that a gateway spent a seventh of its time collecting garbage.
 */
export function requestContext(
  c: BoundaryContext,
  options: BoundaryOptions,
  idempotency: IdempotencyClaim | undefined,
): RequestContext {
  return {
    baseUrl: baseUrl(c, options),
    client: client(c, options),
    requestId: requestIdOf(c),
    trace: c.get('trace'),
    parameters: new URLSearchParams(splitUrl(c.req.url).query),
    idempotency,
  };
}

/** The request's id: the client's own when it can stand in a header and a log line, else a new one. */
export function requestIdOf(c: BoundaryContext): string {
  const known = c.get('requestId') as string | undefined;
  if (known !== undefined) return known;
  const sent = c.req.header('x-request-id');
  const requestId = sent !== undefined && /^[\w.:-]{1,128}$/.test(sent) ? sent : randomUUID();
  c.set('requestId', requestId);
  return requestId;
}

/** The base URL of a request under these options. */
export function baseUrl(c: BoundaryContext, options: BoundaryOptions): string {
  return baseUrlOf(c.req.raw, { publicUrl: options.publicUrl, trusted: options.trustForwarded?.(c) ?? false });
}

/** Who asks. */
export function client(c: BoundaryContext, options: BoundaryOptions): string {
  return options.clientOf?.(c) ?? 'anonymous';
}

/**
 * Refuses a client that cannot read JSON.
 * @throws 406 when its Accept header names other types only
 */
export function requireJsonAccepted(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return;
  const acceptable = accept
    .toLowerCase()
    .split(',')
    .some((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
      const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
      return (
        !refused && (type === '*/*' || type === 'application/*' || /^application\/(?:json|[\w.-]+\+json)$/.test(type))
      );
    });
  if (!acceptable) {
    throw refuse('notAcceptable', 'Answers are JSON, and the Accept header excludes it.', {
      message: 'Accept application/json.',
    });
  }
}
