import type { Check } from './check.ts';
import { faultChecks } from './faults.ts';
import { lifeChecks } from './life.ts';
import { stepChecks } from './steps.ts';

/** Everything an activator is held to. */
export const checks: readonly Check[] = [...lifeChecks, ...stepChecks, ...faultChecks];
