import { z } from 'zod';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import { type Duration, milliseconds } from '../../ops/platform/messaging/retry.ts';
import type { StepOutline } from './plan.decide.ts';

const duration = z.custom<Duration>((value) => typeof value === 'string' && /^[1-9]\d{0,4}(ms|s|m|h|d)$/.test(value));

/** What a specification's activation metadata may say of steps that wait for an outside system. */
const waits = z.object({
  waits: z.record(z.string(), z.object({ deadline: duration.optional(), pollEvery: duration.optional() })),
});

/** Of a step, what says how it waits. */
interface Waiting {
  readonly name: string;
  readonly external: { readonly deadline: Duration; readonly pollEvery: Duration } | undefined;
}

/**
 * How long the outside system behind a step has, and how often it is asked: as the ordered specification says
 * (`activation: {waits: {<step>: {deadline: '10d', pollEvery: '5m'}}}`), else as the step declares. Undefined for a step
 * that waits for nobody.
 */
export function waitOf(
  { name, external }: Waiting,
  { activation }: Pick<ServiceSpecification, 'activation'>,
): StepOutline['external'] {
  if (external === undefined) return undefined;
  const said = waits.safeParse(activation);
  const { deadline, pollEvery } = (said.success ? said.data.waits[name] : undefined) ?? {};
  return {
    deadlineMs: milliseconds(deadline ?? external.deadline),
    pollMs: milliseconds(pollEvery ?? external.pollEvery),
  };
}
