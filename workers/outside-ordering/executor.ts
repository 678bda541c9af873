import type { Failure } from '../../contracts/messages/values.ts';
import { platformCalls } from '../../ops/platform/metrics/metrics.ts';
import type { Log } from '../../ops/platform/log.ts';
import type { OutsideEndpoint } from '../../ops/platform/outside-endpoints.ts';
import { startSpan } from '../../ops/platform/tracing/spans.ts';
import { leaseMarginMs } from '../calls/guarded-platform.ts';
import { PlatformNotReached, isOutage } from '../calls/platform.ts';
import type { Breaker } from '../calls/breaker.ts';
import type { Bulkhead } from '../calls/bulkhead.ts';
import { callEndpoint, nameOf } from './endpoint.ts';
import type { Outcome, OutsideOrder, Result, Step } from './outside-order.state.ts';

/** An endpoint with what guards it in this process; service types with one endpoint share its guards. */
export interface GuardedEndpoint {
  readonly endpoint: OutsideEndpoint;
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
}

/** Makes the calls that commits opened, and tells what came of them. */
export interface Executor {
  /** Must be called right after the commit: the lease runs since. */
  committed(orders: readonly OutsideOrder[]): void;
  /** Resolves when no call is running. */
  drained(): Promise<void>;
}

export interface ExecutorOptions {
  readonly endpointOf: (serviceType: string) => GuardedEndpoint | undefined;
  readonly log: Log;
  readonly happened: (outcome: Outcome, traceparent: string | undefined) => void;
}

export function createExecutor({ endpointOf, happened, log }: ExecutorOptions): Executor {
  const running = new Set<Promise<void>>();

  async function drive(order: OutsideOrder, guarded: GuardedEndpoint): Promise<void> {
    const { id, attempt, step, requestedBy, origin } = order;
    const platform = nameOf(guarded.endpoint);
    const span = startSpan({
      name: `${step} ${platform}`,
      kind: 'client',
      parent: origin?.traceparent,
      correlationId: requestedBy?.orderId ?? id,
      attributes: { 'patchbay.platform': platform, 'patchbay.step': step, 'patchbay.attempt': attempt },
    });
    const traceparent = span?.traceparent ?? origin?.traceparent;
    const result = await attemptOf(order, guarded, traceparent);
    const failure = 'failure' in result ? result.failure : undefined;
    span?.end({ 'patchbay.outcome': result.kind }, failure?.reason);
    const line = { orderId: requestedBy?.orderId ?? id, outsideOrderId: id, platform, step, attempt };
    const level = failure === undefined ? (isCall(step) ? 'info' : 'debug') : isHeldBack(failure) ? 'debug' : 'warn';
    log[level]({ ...line, result: result.kind, failure }, 'outside endpoint asked');
    happened({ id, attempt, result }, traceparent);
  }

  async function attemptOf(
    order: OutsideOrder,
    { endpoint, breaker, bulkhead }: GuardedEndpoint,
    traceparent: string | undefined,
  ): Promise<Result> {
    const platform = nameOf(endpoint);
    if (breaker.isOpen()) return heldBack(order.step, `${platform} is held off by its breaker`);
    const leave = await bulkhead.enter(leaseMarginMs / 2);
    if (leave === undefined) return heldBack(order.step, `${platform} has all its places taken`);
    const started = performance.now();
    const observed = (result: Result): Result => {
      platformCalls.observe({ platform, what: order.step, result: result.kind }, (performance.now() - started) / 1_000);
      return result;
    };
    try {
      return observed(await breaker.run(() => callEndpoint(endpoint, order, traceparent)));
    } catch (error) {
      return observed(resultOf(error, order.step, !(isOutage(error) && (await breaker.heldOff()))));
    } finally {
      leave();
    }
  }

  return {
    committed(orders) {
      for (const order of orders) {
        // Saved for another reason while somebody holds its lease: not ours to make.
        if (!order.open || order.openedBy === undefined || order.openedBy <= (order.readAt ?? 0)) continue;
        const guarded = endpointOf(order.serviceType);
        if (guarded === undefined) continue;
        const driving: Promise<void> = drive(order, guarded).finally(() => running.delete(driving));
        running.add(driving);
      }
    },
    async drained() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** What changes something at the endpoint; everything else is read. */
const isCall = (step: Step): boolean => step === 'place' || step === 'cancel';

function resultOf(error: unknown, step: Step, counted: boolean): Result {
  const reason = error instanceof Error ? error.message : String(error);
  if (!isCall(step)) return { kind: 'unreadable', failure: { code: 'unreadable', reason }, counted };
  if (error instanceof PlatformNotReached) {
    return { kind: 'notReached', failure: { code: 'unreachable', reason }, counted, retryAfterMs: error.retryAfterMs };
  }
  return { kind: 'unknown', failure: { code: 'outcomeUnknown', reason }, counted };
}

const isHeldBack = ({ code }: Failure): boolean => code === 'heldBack';

function heldBack(step: Step, reason: string): Result {
  const failure = { code: 'heldBack', reason };
  return isCall(step)
    ? { kind: 'notReached', failure, counted: false }
    : { kind: 'unreadable', failure, counted: false };
}
