import type { Handler } from '../../ops/platform/messaging/handler.ts';
import type { Activation } from './activation.state.ts';

/**
 * Has the activations that a message changes remember it: what a platform's answer or an alarm brings later, in whichever
 * process, is then told as following from it.
 */
export const remembering = (handler: Handler): Handler => ({
  ...handler,
  decide(get, received, context) {
    const decision = handler.decide(get, received, context);
    if (decision.end !== 'done' || decision.save === undefined) return decision;
    const origin = { messageId: received.id, traceparent: received.traceparent };
    return { ...decision, save: (decision.save as readonly Activation[]).map((saved) => ({ ...saved, origin })) };
  },
});
