import { z } from 'zod';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `250ms`, `2s`, `15m`, `1h` or `30d`. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 2s, 15m, 1h or 30d')
  .transform((text) => Number.parseInt(text) * units[text.replace(/^\d+/, '') as keyof typeof units]);

const address = z
  .url({
    protocol: /^https?$/,
    error: 'must be the http(s) address of a TMF641 API, without /serviceOrder',
    abort: true,
  })
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'must not hold a login: use "token"')
  .refine((url) => new URL(url).search === '' && new URL(url).hash === '', 'must not have a query')
  .transform((url) => url.replace(/\/$/, ''));

const endpoint = z.strictObject({
  /** Base address of its API, such as `https://partner.example.net/tmf-api/serviceOrdering/v4`. */
  url: address,
  /** Sent as Bearer token. */
  token: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be one word without blanks')
    .optional(),
  /** How often an order is asked for. */
  poll: duration.prefault('2s'),
  /** How long one call may take. */
  timeout: duration.prefault('10s'),
  /** How long after a lost answer an order may still show up. */
  settle: duration.prefault('5s'),
  /** How long an order that was there may be missing before it counts as gone. */
  vanished: duration.prefault('2m'),
  /** How long an order may take. */
  deadline: duration.prefault('30d'),
  /** Calls at once, per process. */
  concurrency: z.int().min(1).max(1_000).default(32),
  /** How often an order is placed that has no effect, outages apart. */
  attempts: z.int().min(1).max(100).default(6),
  /** What the endpoint calls specifications, by our id. Those not named are sent as they are. */
  specification: z
    .record(z.string(), z.strictObject({ id: z.string().min(1), version: z.string().min(1).optional() }))
    .default({}),
});

/** A TMF641 endpoint that a service type is ordered from. Times in milliseconds. */
export type OutsideEndpoint = z.output<typeof endpoint>;

/** The variable's text: JSON, service type to endpoint. */
export const outsideEndpoints = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Not the parser's own words: they quote the text, and there are tokens in it.
      context.addIssue({ code: 'custom', message: 'must be JSON: {"<service type>": {"url": "https://…"}}' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().min(1), endpoint));
