/** Who may say how outside work went: whoever signs it with the secret that the platform shares with us. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header of a callback: `t=<unix seconds>,v1=<hex>`. While secrets change, several `v1` may stand there. */
export const signatureHeader = 'Patchbay-Signature';

/** What was wrong with a signature, for the log; whoever sent it hears only that it is not good. */
export type Unsigned = 'missing' | 'malformed' | 'wrong';

const shape = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,4})$/;

/**
 * Checks who said it: `v1` is the HMAC-SHA256, under the secret, of `<t>.<body>`, the body byte for byte. When it was
 * said is for the caller to judge.
 *
 * @returns the instant it was signed at, in seconds; or what is wrong
 */
export function signedAt(header: string | undefined, body: Uint8Array, secret: string): number | Unsigned {
  if (header === undefined) return 'missing';
  const [, t, given] = shape.exec(header) ?? [];
  if (t === undefined || given === undefined) return 'malformed';
  const expected = createHmac('sha256', secret).update(`${t}.`).update(body).digest();
  // Every one is compared, and each in constant time, so that how long it takes says nothing.
  const fitting = given
    .split(',v1=')
    .slice(1)
    .filter((one) => timingSafeEqual(Buffer.from(one, 'hex'), expected));
  return fitting.length > 0 ? Number(t) : 'wrong';
}
