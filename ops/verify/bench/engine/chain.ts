import { z } from 'zod';
import { command, type MessageDefinition, send } from '../../../../contracts/messages/message.ts';
import { activatorQueue, topology } from '../../../../contracts/topology.ts';
import { done, type Handler, on } from '../../../platform/messaging/handler.ts';
import { decide, type Message, type Stage, stages } from '../floors/chain.ts';
import { chainOrders } from './chain.store.ts';

/** The floors' chain as the engine knows it: the same decision, declared as messages, an aggregate and handlers. */
type Body = Omit<Message, 'id'>;

const body = z.object({ stage: z.enum(stages), orderId: z.uuid(), step: z.int(), payload: z.string() });

/** Activators' work queues are of the kind that every worker consumes; the names are ours alone. */
const serviceTypeOf = (stage: Stage) => `bench-${stage}`;
export const queueOf = (stage: Stage) => activatorQueue(serviceTypeOf(stage));
export const chainTopology = topology(stages.map(serviceTypeOf));

const definitions = new Map<Stage, MessageDefinition<Body>>(
  stages.map((stage) => [stage, command(`bench.${stage}.v1`, { body, to: queueOf(stage), whenGivenUp: 'warn' })]),
);

export const messageOf = ({ id: _ours, ...chainBody }: Message) => send(definitionOf(chainBody.stage), chainBody);

/** @param completed is told how many orders a commit finished */
export function handlerOf(stage: Stage, completed: (orders: number) => void): Handler {
  return on(definitionOf(stage), {
    of: chainOrders(completed),
    key: ({ orderId }) => orderId,
    decide(order, received) {
      const decided = decide(order, { id: received.id, ...received.body }, givenByTheEngine);
      return done({ save: [decided.save], send: decided.send.map(messageOf) });
    },
  });
}

const givenByTheEngine = () => '';

function definitionOf(stage: Stage): MessageDefinition<Body> {
  const definition = definitions.get(stage);
  if (definition === undefined) throw new Error(`the chain has no stage ${stage}`);
  return definition;
}
