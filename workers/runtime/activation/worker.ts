import { z } from 'zod';
import {
  activateItem,
  cancelItem,
  externalAnswered,
  runStep,
  settleStep,
} from '../../../contracts/messages/activation.ts';
import { command } from '../../../contracts/messages/message.ts';
import type { Characteristics, Failure } from '../../../contracts/messages/values.ts';
import { activatorControlQueue, activatorQueue } from '../../../contracts/topology.ts';
import { derivedId } from '../../../ops/platform/ids.ts';
import { startAlarms } from '../alarms.ts';
import { type Breaker, startBreaker } from '../breaker/breaker.ts';
import { createBulkhead } from '../breaker/bulkhead.ts';
import { type Handler, done, later, on, park } from '../handler.ts';
import { milliseconds, retryDelay } from '../retry.ts';
import type { RoleDependencies, RunningRole } from '../role.ts';
import { startWorker } from '../worker.ts';
import { begin, onDue, onOutcome, run, settle } from './activation.decide.ts';
import { activations, dueActivations } from './activation.store.ts';
import type { Activation, Outcome, Rules } from './activation.state.ts';
import type { Activator } from './activator.ts';
import { cancel } from './cancellation.decide.ts';
import { correctionFault } from './correction.decide.ts';
import { awaitsVerdict } from './course.decide.ts';
import { type GuardedPlatform, answerLanded, createExecutor, isOutage, leaseMarginMs } from './executor.ts';
import { onAnswered } from './external.decide.ts';
import { remembering } from './origin.ts';
import { faultOf, outlineSteps } from './outline.ts';
import type { Platform } from './platform.ts';

/** What happened to an intent, on its way to being recorded. Never published. */
const outcomeKnown = command('runtime.outcome-known.v1', {
  body: z.custom<Outcome>(),
  to: '',
});

/** Runs one service type: its work queue, its control queue, its intents. */
export function startActivator(activator: Activator, dependencies: RoleDependencies): RunningRole {
  const { serviceType } = activator;
  const { sql, configuration } = dependencies;
  const log = dependencies.log.child({ serviceType });
  let rules = rulesOf(activator);
  const platforms = new Map<string, GuardedPlatform>();
  for (const { on: platform } of activator.steps) {
    if (!platforms.has(platform.name)) platforms.set(platform.name, guard(platform));
  }
  const executor = createExecutor({
    activator,
    platforms,
    callbackBase: configuration.CALLBACK_URL,
    log,
    happened: (outcome, { command: { orderId } }, traceparent) =>
      worker.lane.happened({ kind: 'fact', handler: recorder, body: outcome, correlationId: orderId, traceparent }),
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
    decide: (state, { body, now }) => {
      const fault = faultOfCorrection(state, body.requested);
      return fault === undefined
        ? done(settle(state, body.position, body, rules, now))
        : park(fault.code, fault.reason);
    },
  });
  /** What a person put right must be what the activator can take, and must not be done already. */
  const faultOfCorrection = (
    state: Activation | undefined,
    requested: Characteristics | undefined,
  ): Failure | undefined =>
    requested === undefined ? undefined : (faultOf(activator, requested) ?? correctionFault(state, requested, rules));
  const canceller = on(cancelItem, {
    of,
    key: (body) => idOf(body.item),
    decide: (state, { body, now }) =>
      done(cancel(state, idOf(body.item), body, faultOf(activator, body.item.requested), rules, now)),
  });
  const answered = on(externalAnswered, {
    of,
    key: ({ reference }) => operationOf(reference).activationId,
    decide: (state, { body: { reference, answer }, now }) => {
      const { position } = operationOf(reference);
      if (state === undefined) return park('unknownReference', `Nothing was submitted under ${reference}.`);
      if (answer.state === 'refused')
        return done(onAnswered(state, position, { kind: 'refused', failure: answer.failure }, rules, now));
      const result = answerLanded(activator, state, position, answer.result);
      if (result === undefined)
        return park('unreadableAnswer', `The answer to ${reference} is not what its step expects.`);
      return done(onAnswered(state, position, result, rules, now));
    },
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
        decide: (state, { body, now }) => {
          if (state !== undefined && awaitsVerdict(state)) return later(soonAfter(now));
          const fault = faultOfCorrection(state, body.requested);
          return fault === undefined ? done(run(state, body, rules, now)) : park(fault.code, fault.reason);
        },
      }),
    ].map(remembering),
  });
  const control = startWorker(dependencies, {
    queue: activatorControlQueue(serviceType),
    worker: `activator ${serviceType}`,
    handlers: [settler, canceller, answered].map(remembering),
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

  /**
   * Nothing new is taken while any platform of the type has no place left; an open one has none, and holds nothing up.
   * What was taken goes on: its next call waits at the bulkhead, and sits out when it gets no place.
   */
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
      // Calls that run are ended; the next ones are another process's, at once and not when a lease is over.
      rules = { ...rules, handsOver: true };
      await alarms.stop();
      worker.pause();
      await control.stop();
      await executor.drained();
      await worker.stop();
      await executor.drained();
      // What the last batch still began has ended by now.
      await worker.lane.stop();
      await Promise.all([...platforms.values()].map(({ breaker }) => breaker.stop()));
    },
  };
}

/** An order decides within a second or two whether it is cancelled. */
const soonAfter = (now: Date): Date => new Date(now.getTime() + 1_000);

/** The operation that a reference of ours names: see `operationReference`. What is none of ours names nothing. */
function operationOf(reference: string): { activationId: string; position: number } {
  const [, activationId = nobody, position = '0'] = /^([0-9a-f-]{36})\.(\d{1,4})$/.exec(reference) ?? [];
  return { activationId, position: Number(position) };
}
const nobody = '00000000-0000-0000-0000-000000000000';

function rulesOf(activator: Activator): Rules {
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
