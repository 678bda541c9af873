/**
 * Idempotency-Key: the same request sent again gets the same answer and is done once. This file reads the
 * header and compares; storing the claim belongs to whoever accepts the request, in the same statement as what it accepts.
 */
import { createHash } from 'node:crypto';

import { refuse } from './errors.ts';

/** What a key stands for. Two requests with one (client, method, path, key) are the same request if their bodies are. */
export interface IdempotencyClaim {
  /** Who asks: the authenticated client, or `anonymous`. */
  readonly client: string;
  readonly method: string;
  /** The path without its query string. */
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the body's raw bytes, hexadecimal. */
  readonly bodyHash: string;
}

/** What is known of an earlier request under the same key. */
export interface EarlierClaim {
  readonly bodyHash: string;
  /** Whether its answer is stored. Otherwise it is still being worked on. */
  readonly answered: boolean;
}

/** Long enough for any UUID, ULID or composed key; bounded because it is stored. */
const LONGEST_KEY = 255;

/**
 * The claim a request makes, or undefined when it carries no key.
 * @throws 400 `invalidHeader` when the key is empty, too long or not printable ASCII
 */
export function readIdempotencyClaim(
  request: { client: string; method: string; path: string; header: string | undefined },
  body: Uint8Array,
): IdempotencyClaim | undefined {
  const { header, ...scope } = request;
  if (header === undefined) return undefined;
  const key = header.trim();
  if (key.length === 0 || key.length > LONGEST_KEY || !/^[\x20-\x7e]+$/.test(key)) {
    throw refuse('invalidHeader', `Idempotency-Key must be 1 to ${LONGEST_KEY} printable ASCII characters.`, {
      message: 'A UUID made once per intended order, and sent again with every retry, is what it is for.',
    });
  }
  return { ...scope, key, bodyHash: createHash('sha256').update(body).digest('hex') };
}

/**
 * What to do about a request whose key is already known: `replay` the stored answer.
 * @throws 409 when the body differs, or the first request is still in flight
 */
export function judgeClaim(earlier: EarlierClaim, claim: IdempotencyClaim): 'replay' {
  if (earlier.bodyHash !== claim.bodyHash) {
    throw refuse('idempotencyKeyReused', 'This Idempotency-Key was used before with another body.', {
      message: 'A key belongs to one request. Use a new key for a new request.',
    });
  }
  if (!earlier.answered) {
    throw refuse('idempotencyKeyInFlight', 'A request with this Idempotency-Key is still being worked on.', {
      message: 'Wait a little and send it again: you will get its answer.',
      headers: { 'Retry-After': '1' },
    });
  }
  return 'replay';
}
