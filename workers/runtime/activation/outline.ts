import { milliseconds } from '../retry.ts';
import type { Activator } from './activator.ts';
import type { StepOutline } from './plan.decide.ts';

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
