import type { Outgoing } from '../../../contracts/messages/message.ts';
import { type Publication, publicationOf } from './envelope.ts';
import type { InboxClaim } from './inbox.store.ts';
import type { Origin } from './handler.ts';
import type { Fact, Item, Work } from './item.ts';

/** Where what is sent now comes from: what it is about, which message caused it, in which span. */
export type Beginning = Origin & { readonly correlationId: string };

/** What a message claims, and what the journal keeps of it. */
export const claimOf = (one: Work): readonly InboxClaim[] =>
  one.kind === 'fact'
    ? []
    : [
        {
          messageId: one.id,
          attempt: one.envelope.attempt,
          correlationId: one.envelope.correlationId,
          causationId: one.envelope.causationId,
          type: one.type,
          about: one.kind === 'message' ? aboutOf(one.body) : undefined,
          publishedAt: one.publishedAt,
        },
      ];

/** What within its order a message is about, for the journal's reader: an item, or a step of an activation. */
function aboutOf(body: unknown): string | undefined {
  const { itemId, item, activationId, position, reference } = body as Readonly<Record<string, unknown>>;
  if (typeof itemId === 'string') return itemId;
  if (typeof activationId === 'string') return `${activationId}.${Number(position)}`;
  if (typeof reference === 'string') return reference;
  return typeof item === 'object' && item !== null ? aboutOf(item) : undefined;
}

/**
 * Where what a message or a fact causes comes from. A fact has no message behind it: what its aggregate remembers of the
 * one that set it going stands for it. What the aggregate belongs to goes before what a message says of itself: an outside
 * system's answer names an operation, not an order.
 */
export function beginningOf(one: Item | Fact, states: ReadonlyMap<string, unknown>): Beginning {
  const { aggregate } = one.handler;
  const state =
    aggregate.origin === undefined ? undefined : one.handler.keys(one.body).flatMap((key) => states.get(key) ?? [])[0];
  const remembered = state === undefined ? undefined : aggregate.origin?.(state);
  if (one.kind === 'message') {
    const { correlationId, traceparent } = one.envelope;
    const own = remembered?.correlationId ?? correlationId;
    return {
      correlationId: own,
      causationId: one.id,
      traceparent: own === correlationId ? traceparent : remembered?.traceparent,
    };
  }
  return {
    correlationId: remembered?.correlationId ?? one.correlationId,
    causationId: remembered?.causationId,
    traceparent: one.traceparent ?? remembered?.traceparent,
  };
}

/**
 * A message caused by another: it inherits correlation and trace, and answers whoever waits for its cause. What it says of
 * another order than its cause's (whose turn has come, say) belongs to that order.
 */
export function publicationBy(
  cause: Item | Fact,
  outgoing: Outgoing,
  { correlationId, causationId, traceparent }: Beginning,
  sender: string,
): Publication {
  const { orderId } = outgoing.body as { readonly orderId?: unknown };
  const another = typeof orderId === 'string' && orderId !== correlationId;
  const awaited = cause.kind === 'message' && cause.envelope.awaited === true;
  const told = awaited && outgoing.definition.kind === 'event' && outgoing.aside !== true;
  return publicationOf(outgoing, {
    correlationId: another ? orderId : correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    ...(told ? { answers: cause.id } : {}),
    ...(outgoing.definition.kind === 'command' ? { sender } : {}),
    ...(traceparent === undefined || another ? {} : { traceparent }),
  });
}
