import { messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { send } from '../../../contracts/messages/message.ts';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { storable } from '../storable.ts';
import { type Item, type Unreadable, isTooLarge } from './item.ts';

/** Why a message is given up. */
export interface Cause {
  readonly errorClass: string;
  readonly errorCode?: string;
  readonly errorMessage: string;
}

const longestMessage = 2_000;

/**
 * The same message, addressed to its dead-letter queue with full context, and ready to be moved back as it is: its id stays,
 * its next attempt is one the inbox does not know yet (moved back twice, the second is a repetition), its failures start anew.
 */
export function deadLetter(
  work: Item | Unreadable,
  queue: string,
  worker: string,
  cause: Cause,
  now: Date,
): Publication {
  const at = now.toISOString();
  const { text, encoding }: { text: string; encoding?: 'base64' } = isTooLarge(work)
    ? { text: '' }
    : carriable(work.delivery.body);
  return {
    id: work.id,
    exchange: '',
    routingKey: deadLetterQueue(queue),
    type: work.type,
    envelope: {
      ...work.envelope,
      attempt: work.envelope.attempt + 1,
      failures: 0,
      firstFailedAt: work.envelope.firstFailedAt ?? at,
      deadLetter: {
        queue,
        worker,
        exchange: storable(work.delivery.exchange),
        routingKey: storable(work.delivery.routingKey),
        ...shown(cause),
        failures: work.envelope.failures + 1,
        failedAt: at,
        ...(encoding === undefined ? {} : { encoding }),
      },
    },
    body: text,
  };
}

/**
 * A message that nobody was given (a decision hands it to a person, or its queue loses it each time), with the same context as one
 * that failed. It counts as attempted once more, so that a copy moved back by hand is known for a replay.
 */
export function fallenLetter(
  message: Publication,
  { queue, worker, cause, now }: { queue: string; worker: string; cause: Cause; now: Date },
): Publication {
  const at = now.toISOString();
  const { exchange, routingKey } = message;
  return {
    ...message,
    exchange: '',
    routingKey: deadLetterQueue(queue),
    envelope: {
      ...message.envelope,
      attempt: message.envelope.attempt + 1,
      failures: 0,
      firstFailedAt: message.envelope.firstFailedAt ?? at,
      deadLetter: { queue, worker, exchange, routingKey, ...shown(cause), failures: 1, failedAt: at },
    },
  };
}

/** Of what nobody of ours sent as a command, nobody has to do anything but the projector. */
const nobody = 'nobody';

/** A message that its queue lost again and again. */
export const lostCause = (repeats: number): Cause => ({
  errorClass: 'Lost',
  errorCode: 'lost',
  errorMessage: `its queue lost it, and lost it again each of the ${repeats} times it was sent once more`,
});

/** The event that says that a message was given up; undefined for one that says it already. */
export function tellGivenUp(
  one: Pick<Publication, 'id' | 'type' | 'envelope'>,
  queue: string,
  cause: Cause,
  now: Date,
): Publication | undefined {
  if (one.type === messageGivenUp.name) return undefined;
  const { correlationId, sender = nobody, key, awaited = false, traceparent } = one.envelope;
  const { errorClass, errorCode = errorClass, errorMessage } = shown(cause);
  return publicationOf(
    send(messageGivenUp, {
      ...{ messageId: one.id, type: one.type, queue, sender, subject: correlationId, awaited },
      ...(key === undefined ? {} : { key }),
      ...{ code: errorCode, reason: errorMessage, at: now.toISOString() },
    }),
    { correlationId, causationId: one.id, ...(traceparent === undefined ? {} : { traceparent }) },
  );
}

/** A cause of bearable length. */
const shown = ({ errorClass, errorCode, errorMessage }: Cause): Cause => ({
  errorClass: storable(errorClass),
  ...(errorCode === undefined ? {} : { errorCode: storable(errorCode) }),
  errorMessage: storable(errorMessage.slice(0, longestMessage)),
});

/** PostgreSQL's text holds no NUL and only valid UTF-8. */
function carriable(body: Buffer): { text: string; encoding?: 'base64' } {
  const text = body.toString('utf8');
  const clean = !text.includes('\u0000') && Buffer.from(text, 'utf8').equals(body);
  return clean ? { text } : { text: body.toString('base64'), encoding: 'base64' };
}

/** The cause as a thrown error shows it. */
export function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { errorClass: 'NotAnError', errorMessage: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { errorCode: error.code } : {};
  return { errorClass: error.name, ...code, errorMessage: error.message };
}
