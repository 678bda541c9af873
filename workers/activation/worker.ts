import { serviceSpecification } from '../../contracts/messages/service-catalog.ts';
import { activatorControlQueue, activatorQueue } from '../../contracts/topology.ts';
import { createContents } from '../../ops/platform/contents.store.ts';
import { alarmsOf } from '../../ops/platform/messaging/alarms.ts';
import { type GuardedPlatform, startGuard } from '../calls/guard.ts';
import type { Platform } from '../calls/platform.ts';
import { done } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { onDue } from './activation.decide.ts';
import { activationRows, activations } from './activation.store.ts';
import type { Activator } from './activator.ts';
import { activationHandlers } from './handlers.ts';
import { rulesOf } from './rules.ts';
import { startStepCalls } from './step-calls.ts';

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
  const executor = startStepCalls({
    activator,
    platforms,
    callbackBase: configuration.CALLBACK_URL,
    log,
    happened: (outcome, { command: { orderId } }, traceparent) =>
      worker.lane.happened({ kind: 'fact', handler: recorder, body: outcome, correlationId: orderId, traceparent }),
  });
  const contents = createContents(serviceSpecification);
  const of = activations({
    contents,
    committed: (states, begunAt) => executor.committed(states, begunAt),
  });
  const { work: working, control: controlling, recorder } = activationHandlers(activator, of, () => rules, contents);

  const worker = startWorker(dependencies, {
    queue: activatorQueue(serviceType),
    worker: `activator ${serviceType}`,
    prefetch: [...platforms.values()].reduce((sum, { platform }) => sum + platform.concurrency, 0),
    room,
    handlers: working,
    alarms: alarmsOf({
      of,
      rows: activationRows(serviceType, heldOff),
      atMost: () => Math.max(1, room()),
      decide: (state, { now }) => done(onDue(state, rules, now)),
    }),
  });
  const control = startWorker(dependencies, {
    queue: activatorControlQueue(serviceType),
    worker: `activator ${serviceType}`,
    handlers: controlling,
  });

  function guard(platform: Platform): GuardedPlatform {
    const url = configuration.platformUrl(platform.name);
    const guard = startGuard({
      ...{ name: platform.name, concurrency: platform.concurrency, sql, log, moved },
      probe: () => platform.probe({ url, signal: AbortSignal.timeout(platform.timeoutMs) }),
      freed: () => worker.lane.wake(),
    });
    return { platform, url, ...guard };
  }

  /** Platforms that would not be called anyway: looking at the activations that wait for them would only write rows. */
  function heldOff(): string[] {
    return [...platforms].filter(([, { breaker }]) => breaker.isOpen()).map(([name]) => name);
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
    troubles: () => [...worker.troubles(), ...control.troubles()],
    async stop() {
      // Calls that run are ended; the next ones are another process's, at once and not when a lease is over.
      rules = { ...rules, handsOver: true };
      await worker.drain();
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
