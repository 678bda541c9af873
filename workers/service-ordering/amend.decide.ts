import { aside, send } from '../../contracts/messages/message.ts';
import { type ServiceOrderAmendment, serviceOrderCommandRefused } from '../../contracts/messages/service-ordering.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { cancellationEvents, changed } from './finish.decide.ts';
import type { Effects, OrderState } from './order.state.ts';
import { nextDue } from './due.decide.ts';
import { orderEnded } from './service-order.machine.ts';

interface Command {
  /** The message's id: what the refusal answers. */
  readonly commandId: string;
  readonly id: string;
  readonly expectedRevision?: number | undefined;
}

/** Changes what may be changed of an order from outside; or says why not. */
export function amend(
  state: OrderState | undefined,
  command: Command,
  amendment: ServiceOrderAmendment,
  now: Date,
): Effects {
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const { order } = state;
  const dates = amendment.requestedStartDate !== undefined || amendment.requestedCompletionDate !== undefined;
  if (dates && orderEnded(order.state)) {
    return refuse(command, {
      kind: 'conflict',
      code: 'orderEnded',
      reason: `The order is ${order.state}: its requested dates can no longer change.`,
    });
  }
  if (amendment.requestedStartDate !== undefined && order.startedAt !== undefined) {
    return refuse(command, {
      kind: 'conflict',
      code: 'orderStarted',
      reason: `The order started at ${order.startedAt}: its requested start can no longer change.`,
    });
  }
  const given = Object.entries(amendment).filter(([, value]) => value !== undefined);
  const kept = Object.entries(order.request).filter(([name]) => !given.some(([changedName]) => changedName === name));
  const request = Object.fromEntries([...kept, ...given.filter(([, value]) => value !== null)]) as typeof order.request;
  const amended = { ...order, request, revision: order.revision + 1, updatedAt: now.toISOString() };
  const starts = new Date(request.requestedStartDate ?? now);
  const moves = amendment.requestedStartDate !== undefined;
  // Sooner than now is now: the alarm starts it.
  const due = starts <= now ? now : nextDue(amended, state.cancellations, now);
  const next: OrderState = { ...state, order: amended, dueAt: moves ? due : state.dueAt };
  return { save: [next], send: [changed(next)] };
}

/** Deletes an order that has ended; a running one has work in the network and is refused. */
export function remove(state: OrderState | undefined, command: Command, now: Date): Effects {
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const { order } = state;
  if (!orderEnded(order.state)) {
    return refuse(command, {
      kind: 'conflict',
      code: 'orderRunning',
      reason: `The order is ${order.state}: only an order that has ended can be deleted.`,
    });
  }
  const next: OrderState = {
    ...state,
    deleted: true,
    dueAt: null,
    cancellations: state.cancellations.map((one) => ({ ...one, revision: one.revision + 1 })),
    order: { ...order, revision: order.revision + 1, updatedAt: now.toISOString() },
  };
  return { save: [next], send: [changed(next), ...cancellationEvents(next).map(aside)] };
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;

const missing: Reason = { kind: 'notFound', code: 'notFound', reason: 'There is no such service order.' };

function unfit(state: OrderState | undefined, { expectedRevision }: Command): Reason | undefined {
  if (state === undefined || state.deleted) return missing;
  if (expectedRevision === undefined || expectedRevision === state.order.revision) return undefined;
  return {
    kind: 'stale',
    code: 'revisionMoved',
    reason: `The order is at revision ${state.order.revision}, not ${expectedRevision}.`,
  };
}

const refuse = ({ commandId, id }: Command, reason: Reason): Effects => ({
  send: [send(serviceOrderCommandRefused, { commandId, id, ...reason })],
});
