import * as z from './open-schema.ts';
import { orderManagementQueue, serviceOrderingQueue } from '../topology.ts';
import { event } from './message.ts';
import { instant } from './values.ts';

/** The code of a message that an operator purged with its queue: there is no letter to replay. */
export const purgedCode = 'purged';

/**
 * A message was given up and lies in a queue's dead letters. The sender of a command hears of it and does what the command's
 * definition says; the projector hears of everything. Told once, in the transaction that gives up, and never of itself.
 */
export const messageGivenUp = event('platform.message-given-up.v1', {
  body: z.object({
    messageId: z.string(),
    type: z.string(),
    /** Whose dead letters it lies in. */
    queue: z.string(),
    /** The queue of the worker that sent it, `gateway`, or `nobody`: an event, or what came from elsewhere. */
    sender: z.string(),
    /** What it was about: an order, as a rule. */
    subject: z.string(),
    /** The command's own business key, where its definition names one. */
    key: z.string().optional(),
    /** Somebody waited for its outcome. */
    awaited: z.boolean(),
    code: z.string(),
    reason: z.string(),
    at: instant,
  }),
  topics: { names: ['nobody', 'gateway', serviceOrderingQueue, orderManagementQueue], of: ({ sender }) => sender },
});
export type GivenUp = z.output<typeof messageGivenUp.schema>;
