/** Deliveries as the broker hands them over, for the tests of the runtime. */
import { z } from 'zod';
import { command } from '../../../contracts/messages/message.ts';
import type { Delivery } from '../broker/subscription.ts';
import { type Handler, done, on } from './handler.ts';

export const messageId = '019f0000-0000-7000-8000-0000000000aa';

export const greet = command('test.greet.v1', {
  body: z.object({ name: z.string() }),
  to: 'test',
  whenGivenUp: 'warn',
});
export const greeter: Handler = on(greet, {
  of: { name: 'greeting', key: () => 'x', load: async () => new Map(), save: () => [] },
  key: (body) => body.name,
  decide: () => done(),
});
export const handlers = new Map([[greet.name, greeter]]);

export const anEnvelope = { correlationId: 'order-1', attempt: 1, failures: 0 };

export const aDelivery = (over: Partial<Delivery> = {}): Delivery => ({
  messageId,
  type: greet.name,
  headers: { patchbay: JSON.stringify(anEnvelope) },
  exchange: 'cmd',
  routingKey: 'test',
  body: Buffer.from('{"name":"Ada"}'),
  returns: 0,
  session: {},
  tag: 1,
  ...over,
});
