import { z } from 'zod';
import type { Delivery } from '../broker/subscription.ts';
import { newId } from '../ids.ts';
import type { Publication } from './envelope.ts';
import type { Marker } from './marker.store.ts';

/** The message that asks a queue what it has lost. Whoever consumes it notes that it passed; it has no row. */
export const markerType = 'platform.marker.v1';

const body = z.object({ askedAt: z.string().regex(/^[1-9]\d{15}$/) });

/** Straight to its queue. */
export function markerPublication({ queue, askedAt }: Marker): Publication {
  const id = newId();
  return {
    ...{ id, exchange: '', routingKey: queue, type: markerType },
    envelope: { correlationId: id, attempt: 1, failures: 0 },
    body: JSON.stringify({ askedAt } satisfies z.output<typeof body>),
  };
}

/** The marker that a queue delivered; undefined for what only calls itself one. */
export function readMarker(queue: string, delivery: Delivery): Marker | undefined {
  try {
    return { queue, ...body.parse(JSON.parse(delivery.body.toString('utf8'))) };
  } catch {
    return undefined;
  }
}
