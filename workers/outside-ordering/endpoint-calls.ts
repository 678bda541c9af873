/** What an outside order's open step asks of its endpoint. */
import type { Log } from '../../ops/platform/log.ts';
import type { OutsideEndpoint } from '../../ops/platform/outside-endpoints.ts';
import { type Executor, type Intent, type Trouble, createExecutor } from '../calls/executor.ts';
import type { Guard } from '../calls/guard.ts';
import { callEndpoint, nameOf } from './endpoint.ts';
import type { Outcome, OutsideOrder, Result, Step } from './outside-order.state.ts';

/** An endpoint with what guards it in this process; service types with one endpoint share its guards. */
export interface GuardedEndpoint extends Guard {
  readonly endpoint: OutsideEndpoint;
}

export interface EndpointCallsOptions {
  readonly endpointOf: (serviceType: string) => GuardedEndpoint | undefined;
  readonly log: Log;
  readonly happened: (outcome: Outcome, traceparent: string | undefined) => void;
}

const asks: Readonly<Record<Step, Intent<Result>['what']>> = {
  place: 'call',
  find: 'read',
  poll: 'poll',
  cancel: 'call',
  findCancel: 'read',
  pollCancel: 'poll',
};

/** Makes the calls that outside orders opened, and tells what came of them. */
export const startEndpointCalls = ({ endpointOf, log, happened }: EndpointCallsOptions): Executor<OutsideOrder> =>
  createExecutor<OutsideOrder, Result>({
    ...{ countsReads: true, log },
    intentOf(order) {
      const guard = endpointOf(order.serviceType);
      if (!order.open || guard === undefined) return undefined;
      const { step, openedBy, readAt } = order;
      return {
        ...{ what: asks[step], openedBy, readAt, guard, subject: subjectOf(order, nameOf(guard.endpoint)) },
        make: (sending) => callEndpoint(guard.endpoint, order, sending),
      };
    },
    happened: ({ id, attempt, step }, result, traceparent) =>
      happened({ id, attempt, result: readOrNot(step, result) }, traceparent),
  });

function subjectOf(order: OutsideOrder, platform: string): Intent<Result>['subject'] {
  const { id, attempt, step, requestedBy, origin } = order;
  const correlationId = requestedBy?.orderId ?? id;
  return {
    ...{ platform, what: step, correlationId, traceparent: origin?.traceparent, span: `${step} ${platform}` },
    attributes: { 'patchbay.step': step, 'patchbay.attempt': attempt },
    about: { orderId: correlationId, outsideOrderId: id, platform, step, attempt },
  };
}

/** A read that was not made has not been read. */
const readOrNot = (step: Step, result: Result | Trouble): Result =>
  result.kind === 'notReached' && asks[step] !== 'call'
    ? { kind: 'unreadable', failure: result.failure, counted: result.counted }
    : result;
