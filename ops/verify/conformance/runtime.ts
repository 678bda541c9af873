import { setTimeout as sleep } from 'node:timers/promises';
import { begin, onDue, onOutcome } from '../../../workers/activation/activation.decide.ts';
import {
  type Activation,
  type Effects,
  type Rules,
  type Specified,
  current,
  currentState,
} from '../../../workers/activation/activation.state.ts';
import type { Activator } from '../../../workers/activation/activator.ts';
import { startStepCalls } from '../../../workers/activation/step-calls.ts';
import { leaseMarginMs } from '../../../workers/calls/executor.ts';
import type { GuardedPlatform } from '../../../workers/calls/guard.ts';
import { outlineSteps } from '../../../workers/activation/outline.ts';
import { createBulkhead } from '../../../workers/calls/bulkhead.ts';
import { createLog } from '../../platform/log.ts';

/**
 * How waits go here, in real milliseconds. The decisions' clock jumps to the next alarm, and at each jump a little real
 * time goes by: enough for what takes effect late to come before the platform's settle time is over.
 */
export const pace = { jumpMs: 20, lateMs: 70, patienceMs: 300, attempts: 8 } as const;
/** Where nothing is made to hang, a slow machine is no reason to give an answer up. */
const unhurriedMs = 10_000;

/** Carries changes out as an activator's process does: its decisions and its executor, in memory, on a clock that jumps. */
export interface Runtime {
  /** Resolves with the activation as it ended, or stalled. */
  carryOut(id: string, command: Specified): Promise<Activation>;
}

export interface RuntimeOptions {
  readonly activator: Activator;
  readonly networkUrl: string;
  /** Calls are made to hang: answers are not waited for long. */
  readonly hurried: boolean;
  /** True once the activator's own code has crashed: then there is no use in trying on. */
  readonly crashed: () => boolean;
}

export function createRuntime({ activator, networkUrl, hurried, crashed }: RuntimeOptions): Runtime {
  const rules = rulesFor(activator);
  const platforms = new Map(activator.steps.map(({ on }) => [on.name, guarded(on, networkUrl, hurried)]));

  async function carryOut(id: string, command: Specified): Promise<Activation> {
    let activation: Activation | undefined;
    let now = Date.now();
    const facts: ((at: Date) => Effects)[] = [];
    const executor = startStepCalls({
      activator,
      platforms,
      // Nobody listens there: outside systems are asked.
      callbackBase: networkUrl,
      log: createLog('conformance', 'silent'),
      happened: (outcome) => void facts.push((at) => onOutcome(activation, outcome, rules, at)),
    });

    // The command comes twice.
    const beginning = (at: Date): Effects => begin(activation, id, command, undefined, rules, at);
    facts.push(beginning, beginning);
    for (;;) {
      const fact = facts.shift();
      if (fact !== undefined) {
        now += 1;
        const { save = [] } = fact(new Date(now));
        executor.committed(save, performance.now());
        const saved = save.at(-1);
        if (saved !== undefined) activation = { ...saved, readAt: saved.revision };
      } else if (executor.running() > 0) {
        await executor.drained();
      } else if (activation === undefined || !isGoing(activation) || crashed()) {
        break;
      } else {
        await sleep(pace.jumpMs);
        now = Math.max(now, activation.dueAt?.getTime() ?? now);
        facts.push((at) => onDue(activation, rules, at));
      }
    }
    if (activation === undefined) throw new Error(`the activation of ${command.serviceType} never began`);
    return activation;
  }
  return { carryOut };
}

const isGoing = ({ phase, dueAt }: Activation): boolean =>
  (phase === 'applying' || phase === 'compensating') && dueAt !== null;

/** Why an activation stands still, in words. */
export function stallOf(activation: Activation): string {
  const { step, direction, failure } = current(activation);
  return `step ${step} cannot ${direction} within ${pace.attempts} attempts and is ${currentState(activation)} (${failure?.code}: ${failure?.reason})`;
}

/** The activator's own rules; only its attempts and its backoff are the kit's, so that a test ends soon. */
const rulesFor = (activator: Activator): Rules => ({
  steps: outlineSteps(activator),
  pointOfNoReturn: activator.pointOfNoReturn,
  partial: activator.policy.partial ?? 'keep',
  platforms: Object.fromEntries(
    activator.steps.map(({ on: { name, timeoutMs, settleMs } }) => [
      name,
      { leaseMs: timeoutMs + leaseMarginMs, settleMs },
    ]),
  ),
  attempts: pace.attempts,
  backoff: () => 1,
});

/** A platform with a breaker that never opens. */
function guarded(on: Activator['steps'][number]['on'], networkUrl: string, hurried: boolean): GuardedPlatform {
  return {
    platform: { ...on, timeoutMs: hurried ? pace.patienceMs : unhurriedMs },
    url: `${networkUrl}/${on.name}`,
    breaker: {
      platform: on.name,
      isOpen: () => false,
      admitted: () => 1,
      run: (call) => call(),
      heldOff: async () => false,
      stop: async () => undefined,
    },
    bulkhead: createBulkhead(
      () => on.concurrency,
      () => undefined,
    ),
  };
}
