/** What an activation tells others. Every event of a change is made for the revision that the change becomes. */
import {
  type ItemStatus,
  itemAssessed,
  itemStatus,
  milestoneReached,
  runStep,
} from '../../contracts/messages/activation.ts';
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import { recordActivation } from '../../contracts/messages/service-inventory.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { type Activation, type Rules, current, missingSteps, outlineOf } from './activation.state.ts';
import type { EndPhase } from './activation.machine.ts';

/** The letter of the open entry: replayed, it resumes the step. */
export function stepLetter(activation: Activation): Outgoing {
  const { step, direction, generation } = current(activation);
  return send(runStep, {
    activationId: activation.id,
    serviceType: activation.command.serviceType,
    position: activation.position,
    generation,
    step,
    direction,
    requested: activation.command.requested,
  });
}

/** How the activation stands, as the revision to come. */
export function statusEvent(
  activation: Activation,
  status: ItemStatus['status'],
  more: Pick<ItemStatus, 'failure' | 'waitsFor'> = {},
): Outgoing {
  const { orderId, itemId, serviceType } = activation.command;
  const entry = activation.entries[activation.position];
  return send(itemStatus, {
    orderId,
    itemId,
    activationId: activation.id,
    serviceType,
    step: entry?.step ?? '',
    sequence: activation.revision + 1,
    status,
    ...(status === 'stalled' && entry !== undefined ? { platform: entry.platform } : {}),
    ...more,
  });
}

/** Whether the item can be taken back; without a reason against it, it can. */
export const assessedEvent = (
  { command: { orderId, itemId }, phase }: Activation,
  round: number,
  failure?: Failure,
): Outgoing =>
  send(itemAssessed, {
    orderId,
    itemId,
    possible: failure === undefined,
    over: phase === 'completed' || phase === 'partial' || phase === 'failed' || phase === 'cancelled',
    round,
    ...(failure === undefined ? {} : { failure }),
  });

/** Told when the open entry has landed: what its step declares as a milestone, and the point of no return. */
export function milestoneEvents(activation: Activation, rules: Rules, now: Date): Outgoing[] {
  const entry = current(activation);
  if (entry.direction !== 'apply' || activation.turned === true) return [];
  const { orderId, itemId } = activation.command;
  const declared = outlineOf(rules, entry)?.milestone;
  const last =
    rules.pointOfNoReturn === entry.step ? `${entry.step} is done: the item can no longer be cancelled.` : undefined;
  const message = declared ?? last;
  if (message === undefined) return [];
  return [
    send(milestoneReached, { orderId, itemId, step: entry.step, name: entry.step, message, at: now.toISOString() }),
  ];
}

/** How far the activation got, for the inventory. */
export function report(activation: Activation, stage: 'landed' | EndPhase): Outgoing {
  const { orderId, itemId, serviceId, claimNumber, action, requested, previous, operation } = activation.command;
  const { sequence, characteristics, resources, failure, entries } = activation;
  const missing = missingSteps(activation);
  const left = stage === 'partial' ? entries.find((entry) => entry.state === 'refused')?.failure : undefined;
  const why = failure ?? left;
  return send(recordActivation, {
    orderId,
    itemId,
    serviceId,
    number: activation.cancelling?.claimNumber ?? claimNumber,
    sequence,
    action,
    stage,
    characteristics,
    requested: stage === 'cancelled' ? previous : requested,
    resources: [...resources],
    ...(why === undefined ? {} : { failure: why }),
    ...(missing.length === 0 ? {} : { missing }),
    ...(operation === undefined ? {} : { operation }),
  });
}
