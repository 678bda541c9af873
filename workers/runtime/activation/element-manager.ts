import { z } from 'zod';
import { type Duration, milliseconds } from '../retry.ts';
import {
  type CallContext,
  OutcomeUnknown,
  type Platform,
  PlatformNotReached,
  PlatformRefusal,
  type ReadBack,
} from './platform.ts';

type Operations = Readonly<Record<string, z.ZodType>>;

/** One method per operation; each takes the operation's parameters and gives its parsed result. */
export type ElementManagerClient<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (parameters?: Readonly<Record<string, unknown>>) => Promise<z.output<Ops[Name]>>;
};

export interface ElementManagerOptions<Ops extends Operations> {
  /** Operation name to the schema of its result. */
  readonly operations: Ops;
  readonly timeout?: Duration;
  readonly settle?: Duration;
  readonly concurrency?: number;
}

const answer = z.looseObject({ reference: z.string(), result: z.unknown() });
const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), reason: z.string() }) });
const holdings = z.looseObject({ holdings: z.record(z.string(), z.unknown()) });

/** Errors of a connection that was never made: nothing was sent. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * A platform behind the plain REST protocol of element managers: `POST /<operation>` with reference, service reference
 * and parameters; `GET /operations/<reference>` to read back; `GET /services/<service>` to observe; `GET /health`.
 */
export function elementManager<Ops extends Operations>(
  name: string,
  options: ElementManagerOptions<Ops>,
): Platform<ElementManagerClient<Ops>> {
  return {
    name,
    timeoutMs: milliseconds(options.timeout ?? '5s'),
    settleMs: milliseconds(options.settle ?? '2s'),
    concurrency: options.concurrency ?? 32,
    connect: (context) =>
      Object.fromEntries(
        Object.entries(options.operations).map(([operation, result]) => [
          operation,
          (parameters: Readonly<Record<string, unknown>> = {}) => call(context, operation, parameters, result),
        ]),
      ) as ElementManagerClient<Ops>,
    readBack,
    async observe({ url, serviceRef, signal }) {
      const response = await request(`${url}/services/${encodeURIComponent(serviceRef)}`, { signal });
      return holdings.parse(await json(response)).holdings;
    },
    async probe({ url, signal }) {
      await request(`${url}/health`, { signal });
    },
  };
}

async function call(
  context: CallContext,
  operation: string,
  parameters: Readonly<Record<string, unknown>>,
  result: z.ZodType,
): Promise<unknown> {
  const { url, reference, serviceRef, signal, traceparent } = context;
  const response = await request(`${url}/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...traced(traceparent) },
    body: JSON.stringify({ reference, serviceRef, parameters }),
    signal,
  });
  const parsed = answer.safeParse(await json(response));
  if (!parsed.success || parsed.data.reference !== reference)
    throw new OutcomeUnknown(`${operation} was answered with something else than its own outcome`);
  const facts = result.safeParse(parsed.data.result);
  if (!facts.success)
    throw new OutcomeUnknown(`the result of ${operation} is not what it should be: ${facts.error.message}`);
  return facts.data;
}

async function readBack({ url, reference, signal, traceparent }: CallContext): Promise<ReadBack> {
  const init = { headers: traced(traceparent), signal };
  const response = await request(`${url}/operations/${encodeURIComponent(reference)}`, init, [404]);
  const body = await json(response);
  if (response.status === 404) return { applied: false };
  return { applied: true, result: answer.parse(body).result };
}

const traced = (traceparent: string | undefined): Record<string, string> =>
  traceparent === undefined ? {} : { traceparent };

/** Sends, and sorts every answer that is not a plain yes. */
async function request(url: string, init: RequestInit, also: readonly number[] = []): Promise<Response> {
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

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new OutcomeUnknown(`the answer is not JSON or broke off: ${String(error)}`);
  }
}
