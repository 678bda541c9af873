import type { ActivateItem } from '../../contracts/messages/activation.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { milliseconds } from '../../ops/platform/messaging/retry.ts';
import type { Activator } from './activator.ts';
import { type Planned, type StepOutline, planFor } from './plan.decide.ts';

/** What is declared of a service type, for those who tell what a change would come to without making it. */
export interface ActivatorOutline {
  readonly serviceType: string;
  readonly steps: StepOutline[];
  readonly pointOfNoReturn: string | undefined;
  readonly partial: 'keep' | 'compensate';
  /** The entries an item's activation is made of. */
  readonly planFor: (item: ActivateItem) => readonly Planned[];
  /** What the activator's own schema has against the characteristics. */
  readonly faultOf: (requested: unknown) => Failure | undefined;
}

export function outlineActivator(activator: Activator): ActivatorOutline {
  const { serviceType, pointOfNoReturn, policy } = activator;
  const steps = outlineSteps(activator);
  return {
    serviceType,
    steps,
    pointOfNoReturn,
    partial: policy.partial ?? 'keep',
    planFor: (item) => planFor(item, steps),
    faultOf: (requested) => faultOf(activator, requested),
  };
}

/** What planning needs to know of an activator's steps, in their order. */
export const outlineSteps = ({ steps }: Activator): StepOutline[] =>
  steps.map(({ name, on, uses, suspend, optional, milestone, external }) => ({
    name,
    platform: on.name,
    uses,
    suspends: suspend !== undefined,
    optional,
    milestone,
    external:
      external === undefined
        ? undefined
        : { deadlineMs: milliseconds(external.deadline), pollMs: milliseconds(external.pollEvery) },
  }));

/** What the activator's own schema has against the characteristics. */
export function faultOf(activator: Activator, requested: unknown): Failure | undefined {
  const parsed = activator.characteristics.safeParse(requested);
  if (parsed.success) return undefined;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'characteristics'}: ${issue.message}`);
  return {
    code: 'invalidCharacteristic',
    reason: `The ${activator.serviceType} activator cannot take these characteristics: ${wrong.join('; ')}.`,
  };
}
