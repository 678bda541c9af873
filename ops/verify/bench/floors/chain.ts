import { v7 as uuid } from 'uuid';

/**
 * The chain that both floors run: an order starts three parallel steps, and the last of them to end sends the message
 * that finishes it. Five messages an order, each deciding about the order under its lock; what differs between the
 * floors is only how many messages share a transaction.
 */
export type Stage = 'order' | 'step' | 'finish';
export const stages: readonly Stage[] = ['order', 'step', 'finish'];
export const MESSAGES_PER_ORDER = 5;
const STEPS_PER_ORDER = 3;

export type Message = { id: string; stage: Stage; orderId: string; step: number; payload: string };
export type Order = { id: string; revision: number; state: 'inProgress' | 'completed'; open: number; payload: string };
export type Decision = { save: Order; send: Message[] };

/** Bodies of 1 KB, as in the table these floors reproduce. */
const payload = 'x'.repeat(900);

export const newOrder = (): Message => ({ id: uuid(), stage: 'order', orderId: uuid(), step: 0, payload });

export const queueOf = (stage: Stage) => `floor.${stage}`;

/** What one message does to its order; pure but for the ids of what it sends. @param newId where the sender gives ids, not the decision */
export function decide(order: Order | undefined, message: Message, newId: () => string = uuid): Decision {
  const next = (stage: Stage, step: number): Message => ({ ...message, id: newId(), stage, step });
  if (message.stage === 'order') {
    const send = Array.from({ length: STEPS_PER_ORDER }, (_, step) => next('step', step));
    return { save: { id: message.orderId, revision: 1, state: 'inProgress', open: STEPS_PER_ORDER, payload }, send };
  }
  if (!order) throw new Error(`a ${message.stage} came before its order ${message.orderId} exists`);
  const revision = order.revision + 1;
  if (message.stage === 'finish') return { save: { ...order, revision, state: 'completed' }, send: [] };
  const open = order.open - 1;
  return { save: { ...order, revision, open }, send: open === 0 ? [next('finish', 0)] : [] };
}

export const encode = (message: Message) => Buffer.from(JSON.stringify(message));
export const decodeMessage = (content: Buffer) => JSON.parse(content.toString('utf8')) as Message;
