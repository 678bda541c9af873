import { send } from '../../contracts/messages/message.ts';
import { type ServiceOrderAmendment, serviceOrderCommandRefused } from '../../contracts/messages/service-ordering.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { type Effects, type OrderState, changed } from './service-order.decide.ts';
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
  const given = Object.entries(amendment).filter(([, value]) => value !== undefined);
  const kept = Object.entries(order.request).filter(([name]) => !given.some(([changedName]) => changedName === name));
  const request = Object.fromEntries([...kept, ...given.filter(([, value]) => value !== null)]) as typeof order.request;
  const next: OrderState = {
    ...state,
    order: { ...order, request, revision: order.revision + 1, updatedAt: now.toISOString() },
  };
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
    order: { ...order, revision: order.revision + 1, updatedAt: now.toISOString() },
  };
  return { save: [next], send: [changed(next)] };
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
