import { z } from 'zod';

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(600_000);

/** What every fault rule says: where it applies, how often, to what. */
const target = {
  /** Names the rule; a rule sent again under its id replaces the old one and starts counting anew. */
  id: z.string().min(1).max(64).optional(),
  /** A manager's name, or `*`. */
  manager: z.string().min(1),
  /** An operation or a read (`health`, `operations`, `services`) by name; `*` all; `calls` all but reads; `reads`. */
  operation: z.string().min(1),
  probability: share.default(1),
  /** Fires so many times and then no more. */
  count: z.int().positive().optional(),
  /** Same seed, same choices: the n-th matching call meets the same fate in every run. */
  seed: z.int().optional(),
  /** Only calls for this service or reference; `*` stands for any text. */
  match: z.strictObject({ serviceRef: z.string().optional(), reference: z.string().optional() }).optional(),
};

const rule = <K extends string, P extends z.core.$ZodLooseShape>(kind: K, params: P) =>
  z.strictObject({ ...target, kind: z.literal(kind), params: z.strictObject(params).prefault({} as never) });

/** Every way the network can misbehave. */
export const faultRule = z.discriminatedUnion('kind', [
  rule('latency', { ms: milliseconds.default(0), jitterMs: milliseconds.default(0) }),
  rule('error', { status: z.int().min(500).max(599).default(503), applied: z.boolean().default(false) }),
  rule('throttle', { retryAfterSeconds: z.int().min(0).default(1) }),
  rule('refuse', {
    code: z.string().default('refused-by-fault'),
    reason: z.string().default('the network simulator was told to refuse this'),
    status: z.union([z.literal(409), z.literal(422)]).default(409),
  }),
  rule('hang', { ms: milliseconds.default(120_000) }),
  rule('reset', {}),
  rule('lost-answer', {}),
  rule('late-apply', { ms: milliseconds.default(1000) }),
  rule('partial', { answer: z.enum(['success', 'error', 'none']).default('success') }),
  rule('wrong-answer', { form: z.enum(['malformed', 'mismatch', 'html']).default('malformed') }),
]);
export type FaultRule = z.output<typeof faultRule>;
export type FaultKind = FaultRule['kind'];

/** What each kind does, for the overview that the simulator gives of itself. */
export const faultKinds: Record<FaultKind, string> = {
  latency: 'waits before anything else: params.ms, plus up to params.jitterMs; adds to whichever other fault strikes',
  error: 'answers 5xx (params.status) without applying; with params.applied, after applying',
  throttle: 'answers 429 with Retry-After (params.retryAfterSeconds), not applied',
  refuse: 'answers a business refusal: params.code, params.reason, params.status 409 or 422',
  hang: 'never answers, not applied; the connection is cut after params.ms (120 s)',
  reset: 'cuts the connection, not applied',
  'lost-answer': 'applies, then cuts the connection',
  'late-apply': 'cuts the connection now, applies after params.ms',
  partial:
    'applies only part (each operation says which) and answers by params.answer: success, error (503) or none (cuts the connection)',
  'wrong-answer': 'applies, answers 200 with a body of params.form: malformed, mismatch (another reference), html',
};

/** What may befall reads: there is nothing to apply, lose, or do by half. */
const readKinds: ReadonlySet<FaultKind> = new Set(['latency', 'error', 'throttle', 'hang', 'reset', 'wrong-answer']);

/** The reads every manager answers, by the names that fault rules know them by. */
export const readNames = ['health', 'operations', 'services'] as const;
export type ReadName = (typeof readNames)[number];
const isRead = (operation: string): operation is ReadName => readNames.some((each) => each === operation);

/** One request, as fault rules see it. */
export type Target = { manager: string; operation: string; serviceRef?: string; reference?: string };

/**
 * Whether a rule is about this request. An outage (`operation: '*'`) takes the reads with it, so that a health probe
 * does not call a platform well that fails every call; kinds that make no sense for a read never touch one, and a read
 * is given a wrong answer only by name.
 */
export function concerns(rule: FaultRule, { manager, operation, serviceRef, reference }: Target): boolean {
  if (rule.manager !== '*' && rule.manager !== manager) return false;
  const { match } = rule;
  if (match?.serviceRef !== undefined && !matches(match.serviceRef, serviceRef)) return false;
  if (match?.reference !== undefined && !matches(match.reference, reference)) return false;
  if (!isRead(operation)) return rule.operation === operation || rule.operation === '*' || rule.operation === 'calls';
  if (!readKinds.has(rule.kind)) return false;
  if (rule.operation === '*') return rule.kind !== 'wrong-answer';
  return rule.operation === operation || rule.operation === 'reads';
}

function matches(pattern: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= text.length - last.length;
}

/** The n-th number in [0, 1) of a seed: a hash of both, so that it needs no state beyond n (mulberry32's mixing). */
export function seeded(seed: number, n: number): number {
  let mixed = (seed + Math.imul(n, 0x6d2b79f5)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
