import { expect, test } from 'vitest';

import { judgeClaim, readIdempotencyClaim } from './idempotency.ts';

const scope = { client: 'shop', method: 'POST', path: '/order' };
const bytes = (text: string) => new TextEncoder().encode(text);

test('a claim is the scope, the key and the hash of the bytes', () => {
  const claim = readIdempotencyClaim({ ...scope, header: ' k ' }, bytes('{}'));
  expect(claim).toEqual({
    ...scope,
    key: 'k',
    bodyHash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  });
  expect(readIdempotencyClaim({ ...scope, header: undefined }, bytes('{}'))).toBeUndefined();
});

test('the same again is replayed; another body, or one in flight, is a conflict', () => {
  const claim = readIdempotencyClaim({ ...scope, header: 'k' }, bytes('{}'));
  if (claim === undefined) throw new Error('no claim');
  const { bodyHash } = claim;
  expect(judgeClaim({ bodyHash, answered: true }, claim)).toBe('replay');
  expect(() => judgeClaim({ bodyHash, answered: false }, claim)).toThrow(
    expect.objectContaining({ status: 409, code: 'idempotencyKeyInFlight' }),
  );
  expect(() => judgeClaim({ bodyHash: 'other', answered: true }, claim)).toThrow(
    expect.objectContaining({ status: 409, code: 'idempotencyKeyReused' }),
  );
});
