import { deadLetterQueue } from '../../../contracts/topology.ts';
import type { Publication } from './envelope.ts';
import { newId } from '../ids.ts';
import { storable } from '../storable.ts';
import type { Item, Unreadable } from './item.ts';

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
  const { text, encoding } = carriable(work.delivery.body);
  return {
    row: newId(),
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

/** A message that a decision hands to a person, with the same context as one that failed. */
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
      firstFailedAt: at,
      deadLetter: { queue, worker, exchange, routingKey, ...shown(cause), failures: 1, failedAt: at },
    },
  };
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
