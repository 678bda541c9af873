/** HTTP as platforms' adapters speak it: what every answer means for a call that may not be made twice. */
import { z } from 'zod';
import { OutcomeUnknown, PlatformNotReached, PlatformRefusal } from './platform.ts';

const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), reason: z.string() }) });

/** Errors of a connection that was never made: nothing was sent. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The W3C trace context as a header. */
export const traced = (traceparent: string | undefined): Record<string, string> =>
  traceparent === undefined ? {} : { traceparent };

/**
 * Sends a request to a platform, and sorts every answer that is not a plain yes.
 *
 * @param also statuses that are an answer too, such as 404 to a read-back
 * @throws PlatformRefusal for a 4xx; it names the code and reason of a body `{error: {code, reason}}`
 * @throws PlatformNotReached where nothing was sent, or the call was turned away under load (429)
 * @throws OutcomeUnknown for everything else
 */
export async function request(url: string, init: RequestInit, also: readonly number[] = []): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = `${new URL(url).pathname}: ${cause instanceof Error ? cause.message || code : String(cause)}`;
    throw neverConnected.has(code) ? new PlatformNotReached(reason) : new OutcomeUnknown(reason);
  }
  if (response.ok || also.includes(response.status)) return response;
  const text = await response.text().catch(() => '');
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after'));
    throw new PlatformNotReached(
      'turned away under load (429)',
      Number.isFinite(seconds) ? seconds * 1_000 : undefined,
    );
  }
  if (response.status >= 400 && response.status < 500 && response.status !== 408)
    throw refusalOf(response.status, text);
  throw new OutcomeUnknown(`answered ${response.status}`);
}

function refusalOf(status: number, text: string): PlatformRefusal {
  try {
    const { code, reason } = refusal.parse(JSON.parse(text)).error;
    return new PlatformRefusal(code, reason);
  } catch {
    return new PlatformRefusal(`http-${status}`, `refused with status ${status}: ${text.slice(0, 200)}`);
  }
}

/** @throws OutcomeUnknown for an answer that is not JSON */
export async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new OutcomeUnknown(`the answer is not JSON or broke off: ${String(error)}`);
  }
}
