import { z } from 'zod';
import { activateItem, runStep, settleStep } from '../../../contracts/messages/activation.ts';
import { command } from '../../../contracts/messages/message.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import { activatorControlQueue, activatorQueue } from '../../../contracts/topology.ts';
import { derivedId } from '../../../ops/platform/ids.ts';
import { startAlarms } from '../alarms.ts';
import { type Breaker, startBreaker } from '../breaker/breaker.ts';
import { createBulkhead } from '../breaker/bulkhead.ts';
import { type Handler, done, on } from '../handler.ts';
import { milliseconds, retryDelay } from '../retry.ts';
import type { RoleDependencies, RunningRole } from '../role.ts';
import { startWorker } from '../worker.ts';
import {
  type Activation,
  type Outcome,
  type Rules,
  begin,
  onDue,
  onOutcome,
  run,
  settle,
} from './activation.decide.ts';
import { activations, dueActivations } from './activation.store.ts';
import type { Activator } from './activator.ts';
import { type GuardedPlatform, createExecutor, isOutage, leaseMarginMs } from './executor.ts';
import type { Platform } from './platform.ts';

/** What happened to an intent, on its way to being recorded. Never published. */
const outcomeKnown = command('runtime.outcome-known.v1', {
  body: z.custom<Outcome & { activation: Activation }>(),
  to: '',
});

/** Runs one service type: its work queue, its control queue, its intents. */
export function startActivator(activator: Activator, dependencies: RoleDependencies): RunningRole {
  const { serviceType } = activator;
  const { sql, configuration } = dependencies;
  const log = dependencies.log.child({ serviceType });
  const rules = rulesOf(activator);
  const platforms = new Map<string, GuardedPlatform>();
  for (const { on: platform } of activator.steps) {
    if (!platforms.has(platform.name)) platforms.set(platform.name, guard(platform));
  }
  const executor = createExecutor({
    activator,
    platforms,
    log,
    happened: (outcome, { command: { orderId } }) =>
      worker.lane.happened({ kind: 'fact', handler: recorder, body: outcome, correlationId: orderId }),
  });
  const of = activations((states) => executor.committed(states));

  const recorder: Handler = on(outcomeKnown, {
    of,
    key: (body) => body.id,
    decide: (state, { body, now }) => done(onOutcome(state, body, rules, now)),
  });
  const idOf = (body: { orderId: string; itemId: string; action: string }): string =>
    derivedId(body.orderId, body.itemId, body.action);
  const settler = on(settleStep, {
    of,
    key: (body) => body.activationId,
    decide: (state, { body, now }) => done(settle(state, body.position, body.verb, rules, now)),
  });

  const worker = startWorker(dependencies, {
    queue: activatorQueue(serviceType),
    worker: `activator ${serviceType}`,
    prefetch: [...platforms.values()].reduce((sum, { platform }) => sum + platform.concurrency, 0),
    room,
    handlers: [
      on(activateItem, {
        of,
        key: idOf,
        decide: (state, { body, now }) =>
          done(begin(state, idOf(body), body, faultOf(activator, body.requested), rules, now)),
      }),
      on(runStep, {
        of,
        key: (body) => body.activationId,
        decide: (state, { body, now }) => done(run(state, body, rules, now)),
      }),
    ],
  });
  const control = startWorker(dependencies, {
    queue: activatorControlQueue(serviceType),
    worker: `activator ${serviceType}`,
    handlers: [settler],
  });
  const alarms = startAlarms(sql, worker.lane, log, {
    of,
    due: (database, limit) => dueActivations(database, serviceType, Math.min(limit, Math.max(1, room()))),
    decide: (state, { now }) => done(onDue(state, rules, now)),
  });

  function guard(platform: Platform): GuardedPlatform {
    const url = configuration.platformUrl(platform.name);
    const breaker: Breaker = startBreaker({
      platform: platform.name,
      sql,
      log,
      probe: () => platform.probe({ url, signal: AbortSignal.timeout(platform.timeoutMs) }),
      isOutage,
      moved,
    });
    const places = (): number =>
      Math.max(breaker.isOpen() ? 0 : 1, Math.floor(platform.concurrency * breaker.admitted()));
    return { platform, url, breaker, bulkhead: createBulkhead(places, () => worker.lane.wake()) };
  }

  /** Nothing new is taken while any platform of the type has no place left; an open one has none, and holds nothing up. */
  function room(): number {
    const open = [...platforms.values()].filter(({ breaker }) => !breaker.isOpen());
    return open.length === 0
      ? dependencies.batchSize
      : Math.max(0, Math.min(...open.map(({ bulkhead }) => bulkhead.room())));
  }

  function moved(): void {
    const allOpen = [...platforms.values()].every(({ breaker }) => breaker.isOpen());
    if (allOpen) worker.pause();
    else worker.resume();
    worker.lane.wake();
  }

  return {
    troubles: () => [worker, control].filter((one) => !one.healthy()).map((one) => `not consuming ${one.queue}`),
    async stop() {
      await alarms.stop();
      worker.pause();
      await control.stop();
      await executor.drained();
      await worker.stop();
      await executor.drained();
      await Promise.all([...platforms.values()].map(({ breaker }) => breaker.stop()));
    },
  };
}

/** What the activator's own schema has against the characteristics. */
function faultOf(activator: Activator, requested: unknown): Failure | undefined {
  const parsed = activator.characteristics.safeParse(requested);
  if (parsed.success) return undefined;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'characteristics'}: ${issue.message}`);
  return {
    code: 'invalidCharacteristic',
    reason: `The ${activator.serviceType} activator cannot take these characteristics: ${wrong.join('; ')}.`,
  };
}

function rulesOf({ steps, policy }: Activator): Rules {
  const retry = {
    attempts: policy.attempts ?? 6,
    baseMs: milliseconds(policy.backoff ?? '500ms'),
    capMs: milliseconds(policy.longestBackoff ?? '30s'),
  };
  return {
    steps: steps.map(({ name, on: { name: platform }, uses }) => ({ name, platform, uses })),
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
