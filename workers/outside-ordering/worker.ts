import { command } from '../../contracts/messages/message.ts';
import { cancelOutsideOrder, placeOutsideOrder } from '../../contracts/messages/outside-ordering.ts';
import { outsideOrderingQueue } from '../../contracts/topology.ts';
import type { OutsideEndpoint } from '../../ops/platform/outside-endpoints.ts';
import { z } from 'zod';
import { leaseMarginMs } from '../calls/executor.ts';
import { type Guard, startGuard } from '../calls/guard.ts';
import { alarmsOf } from '../../ops/platform/messaging/alarms.ts';
import { type Received, done, on } from '../../ops/platform/messaging/handler.ts';
import { retryDelay } from '../../ops/platform/messaging/retry.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';
import { nameOf, probeEndpoint } from './endpoint.ts';
import { type GuardedEndpoint, startEndpointCalls } from './endpoint-calls.ts';
import { cancel, onDue, onOutcome, place } from './outside-order.decide.ts';
import type { Effects, Outcome, Rules } from './outside-order.state.ts';
import { outsideOrderRows, outsideOrders } from './outside-order.store.ts';

/** What came of a call, on its way to being recorded. Never published. */
const outcomeKnown = command('runtime.outside-outcome-known.v1', {
  body: z.custom<Outcome>(),
  to: '',
  whenGivenUp: 'warn',
});

/**
 * Outside ordering: places service orders with the TMF641 endpoints of others, by service type, and follows them by
 * asking. Without an endpoint it idles.
 */
export function startOutsideOrdering(dependencies: RoleDependencies): RunningRole {
  const { sql, log, configuration } = dependencies;
  const guards = new Map<string, Guard>();
  const endpoints = new Map<string, GuardedEndpoint>();
  const rules = new Map<string, Rules>();
  for (const [serviceType, endpoint] of Object.entries(configuration.OUTSIDE_SERVICE_ORDERING)) {
    const guard = guards.get(nameOf(endpoint)) ?? guardOf(endpoint);
    guards.set(nameOf(endpoint), guard);
    endpoints.set(serviceType, { endpoint, ...guard });
    rules.set(serviceType, rulesOf(endpoint));
  }
  const executor = startEndpointCalls({
    endpointOf: (serviceType) => endpoints.get(serviceType),
    log,
    happened: (outcome, traceparent) =>
      worker.lane.happened({ kind: 'fact', handler: recorder, body: outcome, correlationId: outcome.id, traceparent }),
  });
  const of = outsideOrders((orders, begunAt) => executor.committed(orders, begunAt));
  const rulesFor = (serviceType: string | undefined): Rules | undefined => rules.get(serviceType ?? '');

  const recorder = on(outcomeKnown, {
    of,
    key: (body) => body.id,
    decide: (order, { body, now }) => done(onOutcome(order, body, rulesFor(order?.serviceType), now)),
  });
  const worker = startWorker(dependencies, {
    queue: outsideOrderingQueue,
    worker: 'outside-ordering',
    handlers: [
      on(placeOutsideOrder, {
        of,
        key: (body) => body.order.id,
        decide: (order, received) =>
          done(remembering(place(order, received.body, rulesFor(received.body.serviceType), received.now), received)),
      }),
      on(cancelOutsideOrder, {
        of,
        key: (body) => body.orderId,
        decide: (order, received) =>
          done(remembering(cancel(order, received.body, rulesFor(order?.serviceType), received.now), received)),
      }),
    ],
    alarms: alarmsOf({
      of,
      rows: outsideOrderRows(heldOff),
      decide: (order, { now }) => done(onDue(order, rulesFor(order?.serviceType), now)),
    }),
  });

  /** Types whose endpoint would not be asked anyway: looking at their orders would only write rows. */
  function heldOff(): string[] {
    return [...endpoints].filter(([, { breaker }]) => breaker.isOpen()).map(([serviceType]) => serviceType);
  }

  function guardOf(endpoint: OutsideEndpoint): Guard {
    return startGuard({
      ...{ name: nameOf(endpoint), concurrency: endpoint.concurrency, sql, log },
      probe: () => probeEndpoint(endpoint),
      moved: () => worker.lane.wake(),
      freed: () => worker.lane.wake(),
    });
  }

  return {
    troubles: worker.troubles,
    async stop() {
      await worker.drain();
      await executor.drained();
      await worker.stop();
      await executor.drained();
      await Promise.all([...guards.values()].map(({ breaker }) => breaker.stop()));
    },
  };
}

/** Has the orders that a message changes remember it: what an answer or an alarm brings later follows from it. */
function remembering(effects: Effects, { id, traceparent }: Received<unknown>): Effects {
  const origin = { messageId: id, traceparent };
  return effects.save === undefined ? effects : { ...effects, save: effects.save.map((one) => ({ ...one, origin })) };
}

function rulesOf({ poll, timeout, settle, vanished, deadline, attempts }: OutsideEndpoint): Rules {
  // The last delay is never "exhausted": how often is the decisions' business.
  const backoff = { attempts: Number.POSITIVE_INFINITY, baseMs: 500, capMs: 30_000 };
  return {
    ...{ leaseMs: timeout + leaseMarginMs, pollMs: poll, settleMs: settle, vanishedMs: vanished },
    ...{ deadlineMs: deadline, attempts },
    backoff(failures) {
      const delay = retryDelay(backoff, Math.max(1, failures), Math.random());
      return delay === 'exhausted' ? backoff.capMs : delay;
    },
  };
}
