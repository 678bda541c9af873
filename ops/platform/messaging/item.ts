import { publishedAtHeader } from '../broker/publisher.ts';
import type { Delivery } from '../broker/subscription.ts';
import { type Envelope, envelope } from './envelope.ts';
import { newId } from '../ids.ts';
import { storable } from '../storable.ts';
import type { Handler } from './handler.ts';

/** A message that can be handled: parsed, with the handler it is for. */
export interface Item {
  readonly kind: 'message';
  readonly delivery: Delivery;
  readonly id: string;
  readonly type: string;
  readonly envelope: Envelope;
  /** By the publisher's clock; undefined for what comes from elsewhere. */
  readonly publishedAt: Date | undefined;
  readonly body: unknown;
  readonly handler: Handler;
}

/** A message that nobody can handle: it goes straight to the dead-letter queue, its neighbours proceed. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly delivery: Delivery;
  readonly id: string;
  readonly type: string;
  readonly envelope: Envelope;
  readonly publishedAt: Date | undefined;
  readonly code: string;
  readonly reason: string;
}

/** Bodies past this are not carried through our own dead-lettering: the broker moves them. Ours are under 256 KiB. */
const largestBody = 1_048_576;
const tooLarge = 'tooLarge';
export const isTooLarge = (one: Item | Unreadable): boolean => one.kind === 'unreadable' && one.code === tooLarge;

/** Something that happened in this process (a platform answered, an alarm is due): lost in a crash, made up for by an alarm. */
export interface Fact {
  readonly kind: 'fact';
  readonly handler: Handler;
  readonly body: unknown;
  readonly correlationId: string;
  /** The span it happened in. */
  readonly traceparent?: string | undefined;
  /** Told when it alone is why it could not be recorded. Must not throw. */
  readonly failed?: (error: unknown) => Promise<void>;
}

export type Work = Item | Unreadable | Fact;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Parses a delivery at the edge, once: envelope, type and version, JSON, body schema. */
export function readDelivery(delivery: Delivery, handlers: ReadonlyMap<string, Handler>): Item | Unreadable {
  const id = delivery.messageId !== undefined && uuid.test(delivery.messageId) ? delivery.messageId : newId();
  const type = storable(delivery.type ?? 'unknown');
  const read = readEnvelope(delivery, id);
  const publishedAt = readPublishedAt(delivery);
  const unreadable = (code: string, reason: string): Unreadable => ({
    kind: 'unreadable',
    delivery,
    id,
    type,
    envelope: read ?? { correlationId: id, attempt: 1, failures: 0 },
    publishedAt,
    code,
    reason,
  });
  if (id !== delivery.messageId) return unreadable('noMessageId', 'the message id is missing or not a UUID');
  if (delivery.body.length > largestBody)
    return unreadable(tooLarge, `the body has ${delivery.body.length} bytes, and at most ${largestBody} are handled`);
  if (read === undefined) return unreadable('badEnvelope', 'the header "patchbay" is missing or not an envelope');
  const handler = handlers.get(type);
  if (handler === undefined)
    return unreadable(
      'unknownType',
      `this consumer knows no message ${type}; it takes ${[...handlers.keys()].join(', ')}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(delivery.body.toString('utf8'));
  } catch (error) {
    return unreadable('badJson', `the body is not JSON: ${String(error)}`);
  }
  const { schema, previous } = handler.definition;
  const old = previous?.name === type ? previous : undefined;
  const body = (old?.schema ?? schema).safeParse(json);
  if (!body.success) {
    const wrong = body.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    return unreadable('badBody', wrong.join('; '));
  }
  const current = old === undefined ? body.data : old.upgrade(body.data);
  return { kind: 'message', delivery, id, type, envelope: read, publishedAt, body: current, handler };
}

function readPublishedAt({ headers }: Delivery): Date | undefined {
  const at = headers[publishedAtHeader];
  return typeof at === 'number' && at > 0 && at < 4_102_444_800_000 ? new Date(at) : undefined;
}

/** Outsiders may publish without our envelope header only by mistake; a redriven crash still has it. */
function readEnvelope(delivery: Delivery, id: string): Envelope | undefined {
  const header = delivery.headers['patchbay'];
  if (typeof header !== 'string') return undefined;
  try {
    const given: unknown = JSON.parse(header, (_, value: unknown) =>
      typeof value === 'string' ? storable(value) : value,
    );
    // Moved back by hand it still carries why it was given up, and how its body was kept then: neither is true any more.
    const { deadLetter: _past, ...rest } = envelope.parse({ correlationId: id, ...(given as object) });
    return rest;
  } catch {
    return undefined;
  }
}
