import * as z from '../../../contracts/messages/open-schema.ts';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import { newId } from '../ids.ts';

/**
 * What travels beside a message's body. `attempt` is part of the inbox key and rises each time the same message is
 * put back; `failures` counts only the ones that were its own.
 */
export const envelope = z.object({
  correlationId: z.string(),
  causationId: z.string().optional(),
  attempt: z.int().positive(),
  failures: z.int().nonnegative(),
  firstFailedAt: z.string().optional(),
  /** Somebody waits for this command's outcome; events it causes carry its id in `answers`. */
  awaited: z.boolean().optional(),
  answers: z.string().optional(),
  traceparent: z.string().optional(),
  /** Of a command: the queue of the worker that sent it, or `gateway`, and what it knows the command by. */
  sender: z.string().optional(),
  key: z.string().optional(),
  /** Dead letters only: where it failed, how often, when last and why. */
  deadLetter: z
    .object({
      queue: z.string(),
      worker: z.string(),
      exchange: z.string(),
      routingKey: z.string(),
      errorClass: z.string(),
      errorCode: z.string().optional(),
      errorMessage: z.string(),
      /** Failures counted before it was given up. */
      failures: z.int().nonnegative(),
      failedAt: z.string(),
      /** Set when the body was not text that PostgreSQL can hold. */
      encoding: z.literal('base64').optional(),
    })
    .optional(),
});
export type Envelope = z.output<typeof envelope>;

/** A message ready to be written beside what causes it, and published after the commit. */
export interface Publication {
  /** The message id. */
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly type: string;
  readonly envelope: Envelope;
  /** JSON. */
  readonly body: string;
}

/** Addresses a message as its definition says and gives it an id of its own. */
export function publicationOf(
  { definition, body }: Outgoing,
  origin: Omit<Envelope, 'attempt' | 'failures'>,
): Publication {
  const key = definition.key?.(body);
  return {
    id: newId(),
    exchange: definition.exchange,
    routingKey: definition.route(body),
    type: definition.name,
    envelope: { ...origin, ...(key === undefined ? {} : { key }), attempt: 1, failures: 0 },
    body: JSON.stringify(body),
  };
}
