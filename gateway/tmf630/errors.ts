/** The one error of the HTTP boundary, and the body it goes out with (TMF630: `{code, reason, message?, status?}`). */
import type { ErrorBody } from '../../contracts/tmf/common.ts';
import { errorCodes, type ErrorCode } from './error-codes.ts';

/** What an error can carry beside its reason. */
export interface ErrorDetail {
  /** More detail and what to do about it. */
  message?: string;
  /** Where the error is documented (a URI). */
  referenceError?: string;
  /** Headers of the answer, such as `Allow` or `Retry-After`. */
  headers?: Record<string, string>;
  cause?: unknown;
}

/** A refusal that is told to the client as it is. Anything else that is thrown becomes a 500 that tells nothing. */
export class TmfError extends Error {
  readonly status: number;
  readonly code: string;
  /** What went wrong, for a person. */
  readonly reason: string;
  readonly detail: string | undefined;
  readonly referenceError: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, reason: string, detail: ErrorDetail = {}) {
    super(reason, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'TmfError';
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.detail = detail.message;
    this.referenceError = detail.referenceError;
    this.headers = detail.headers ?? {};
  }
}

/** A refusal by one of our own {@link errorCodes}, which decides the status. */
export function refuse(code: ErrorCode, reason: string, detail: ErrorDetail = {}): TmfError {
  return new TmfError(errorCodes[code], code, reason, detail);
}

/** 404: no such resource. */
export function notFound(resource: string, id: string): TmfError {
  return refuse('notFound', `There is no ${resource} '${shorten(id)}'.`, {
    message: 'Check the id; a deleted resource is gone for good.',
  });
}

/** 503: could not be answered in time or at all, and the same request may be sent again. `seconds` until then. */
export function unavailable(reason: string, seconds = 2, detail: ErrorDetail = {}): TmfError {
  return refuse('unavailable', reason, {
    message: 'Nothing is lost. Send the same request again, with the same Idempotency-Key if it had one.',
    ...detail,
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))), ...detail.headers },
  });
}

/** 412: the resource is at another revision than the `If-Match` the client sent. */
export function preconditionFailed(resource: string, id: string, current?: number): TmfError {
  return refuse('preconditionFailed', `The ${resource} '${shorten(id)}' has changed since you read it.`, {
    message: 'Read it again and repeat the change on what you then see.',
    ...(current === undefined ? {} : { headers: { ETag: `"${current}"` } }),
  });
}

/** 405: the path exists, but not with this method. */
export function methodNotAllowed(method: string, allowed: readonly string[]): TmfError {
  return refuse('methodNotAllowed', `${method} is not allowed here.`, {
    message: `Allowed: ${allowed.join(', ')}.`,
    headers: { Allow: allowed.join(', ') },
  });
}

/** The body an error goes out with. */
export function errorBodyOf(error: TmfError): ErrorBody {
  return {
    '@type': 'Error',
    code: error.code,
    reason: error.reason,
    ...(error.detail === undefined ? {} : { message: error.detail }),
    status: String(error.status),
    ...(error.referenceError === undefined ? {} : { referenceError: error.referenceError }),
  };
}

/** What a client sent, short enough to be quoted back. */
export function shorten(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
