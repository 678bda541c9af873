import { z } from 'zod';
import { type Duration, milliseconds } from '../../ops/platform/messaging/retry.ts';
import { type CallContext, OutcomeUnknown, type Platform, type ReadBack } from './platform.ts';
import { jsonOf, request } from './request.ts';

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
const holdings = z.looseObject({ holdings: z.record(z.string(), z.unknown()) });

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
    async observe(context) {
      const response = await request(context, `${context.url}/services/${encodeURIComponent(context.serviceRef)}`);
      return holdings.parse(await jsonOf(response)).holdings;
    },
    async probe(context) {
      await request(context, `${context.url}/health`);
    },
  };
}

async function call(
  context: CallContext,
  operation: string,
  parameters: Readonly<Record<string, unknown>>,
  result: z.ZodType,
): Promise<unknown> {
  const { url, reference, serviceRef } = context;
  const json = { reference, serviceRef, parameters };
  const response = await request(context, `${url}/${operation}`, { method: 'POST', json });
  const parsed = answer.safeParse(await jsonOf(response));
  if (!parsed.success || parsed.data.reference !== reference)
    throw new OutcomeUnknown(`${operation} was answered with something else than its own outcome`);
  const facts = result.safeParse(parsed.data.result);
  if (!facts.success)
    throw new OutcomeUnknown(`the result of ${operation} is not what it should be: ${facts.error.message}`);
  return facts.data;
}

async function readBack(context: CallContext): Promise<ReadBack> {
  const { url, reference } = context;
  const response = await request(context, `${url}/operations/${encodeURIComponent(reference)}`, {}, [404]);
  const body = await jsonOf(response);
  if (response.status === 404) return { applied: false };
  return { applied: true, result: answer.parse(body).result };
}
