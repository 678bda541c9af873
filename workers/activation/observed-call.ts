import { platformCalls } from '../../ops/platform/metrics/metrics.ts';
import { type Span, isTracing, startSpan } from '../../ops/platform/tracing/spans.ts';
import { type Activation, type Result, current } from './activation.state.ts';

/** One call, read-back or poll of a platform, as metrics and traces see it. */
export interface ObservedCall {
  /** It begins now. What never begins (held back, no place) is no call, and nothing is told of it. */
  begin(): void;
  /** The platform answered, or did not; what came of it is told with `end`. */
  over(): void;
  end(result: Result): void;
  /** Of the call's span; where none is recorded, of the message that set it going. Goes along to the platform. */
  traceparent(): string | undefined;
}

const words = { calling: 'call', reading: 'read', polling: 'poll' } as Readonly<Record<string, string>>;

export function observeCall(activation: Activation): ObservedCall {
  const { platform, step, direction, state, attempt } = current(activation);
  const what = words[state] ?? state;
  let started: number | undefined;
  let seconds = 0;
  let span: Span | undefined;
  return {
    begin() {
      started = performance.now();
      if (!isTracing()) return;
      const { orderId, itemId, serviceType } = activation.command;
      span = startSpan({
        name: `${what} ${platform} ${direction} ${step}`,
        kind: 'client',
        parent: activation.origin?.traceparent,
        correlationId: orderId,
        attributes: {
          'messaging.message.conversation_id': orderId,
          'patchbay.item': itemId,
          'patchbay.service_type': serviceType,
          'patchbay.platform': platform,
          'patchbay.step': step,
          'patchbay.direction': direction,
          'patchbay.attempt': attempt,
        },
      });
    },
    over() {
      seconds = (performance.now() - (started ?? performance.now())) / 1_000;
    },
    end(result) {
      if (started === undefined) return;
      platformCalls.observe({ platform, what, result: result.kind }, seconds);
      const failure = 'failure' in result ? result.failure : undefined;
      span?.end({ 'patchbay.outcome': result.kind }, failure === undefined ? undefined : failure.reason);
    },
    traceparent: () => span?.traceparent ?? activation.origin?.traceparent,
  };
}
