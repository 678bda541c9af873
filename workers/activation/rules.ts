import { milliseconds, retryDelay } from '../../ops/platform/messaging/retry.ts';
import type { Rules } from './activation.state.ts';
import type { Activator } from './activator.ts';
import { leaseMarginMs } from '../calls/executor.ts';
import { outlineSteps } from './outline.ts';

/** What the decisions need to know of a declared service type. */
export function rulesOf(activator: Activator): Rules {
  const { steps, policy, pointOfNoReturn } = activator;
  const retry = {
    attempts: policy.attempts ?? 6,
    baseMs: milliseconds(policy.backoff ?? '500ms'),
    capMs: milliseconds(policy.longestBackoff ?? '30s'),
  };
  return {
    steps: outlineSteps(activator),
    pointOfNoReturn,
    partial: policy.partial ?? 'keep',
    platforms: Object.fromEntries(
      steps.map(({ on: { name, timeoutMs, settleMs } }) => [name, { leaseMs: timeoutMs + leaseMarginMs, settleMs }]),
    ),
    attempts: retry.attempts,
    backoff: (failures) => {
      const delay = retryDelay(retry, Math.max(1, failures), Math.random());
      return delay === 'exhausted' ? retry.capMs : delay;
    },
  };
}
