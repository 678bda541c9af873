/** HTTP as platforms' adapters speak it: what every answer means for a call that may not be made twice. */
import { z } from 'zod';
import { LeaseOver, OutcomeUnknown, PlatformNotReached, PlatformRefusal, type Sending } from './platform.ts';

const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), reason: z.string() }) });

export interface Asked {
  /** GET where it is not given. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/**
 * Sends a request to a platform, and sorts every answer that is not a plain yes. Redirects are not followed: elsewhere is
 * nobody we were told to trust.
 *
 * @param also statuses that are an answer too, such as 404 to a read-back
 * @throws LeaseOver where the lease of a change ran out before its first byte left
 * @throws PlatformRefusal for a 4xx; it names the code and reason of a body `{error: {code, reason}}`
 * @throws PlatformNotReached where nothing was sent, or the call was turned away under load (429)
 * @throws OutcomeUnknown for everything else
 */
export async function request(
  { signal, traceparent, leaseHolds = () => true }: Sending,
  url: string,
  { method = 'GET', headers, json }: Asked = {},
  also: readonly number[] = [],
): Promise<Response> {
  const change = method === 'GET' ? undefined : bodyOf(json, leaseHolds);
  let response: Response;
  try {
    response = await fetch(url, {
      ...{ method, signal, redirect: 'manual' },
      headers: { ...headers, ...change?.headers, ...(traceparent === undefined ? {} : { traceparent }) },
      ...change?.init,
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = `${new URL(url).pathname}: ${cause instanceof Error ? cause.message || code : String(cause)}`;
    if (change === undefined || change.hasLeft()) throw new OutcomeUnknown(reason);
    throw leaseHolds() ? new PlatformNotReached(reason) : new LeaseOver(reason);
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

/**
 * The body of a change, whose first byte leaves while the lease holds or not at all: the process may stand still between
 * the executor's look at the lease and the moment the connection stands. `fetch` writes headers and body together, and
 * reads this body when it can write.
 */
function bodyOf(json: unknown, leaseHolds: () => boolean) {
  const bytes = new TextEncoder().encode(json === undefined ? '' : JSON.stringify(json));
  let left = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        left = leaseHolds();
        if (!left) throw new Error('the lease is over');
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    headers: {
      'content-length': String(bytes.length),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    init: { body, duplex: 'half' as const },
    hasLeft: () => left,
  };
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
