/** Where outside systems say how the work went that they took on. Knows who they are, and nothing of what they say. */
import { Hono } from 'hono';
import { z } from 'zod';

import { externalAnswered } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { type Topology, activatorControlQueue } from '../../contracts/topology.ts';
import type { Database } from '../../ops/platform/database.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import type { Log } from '../../ops/platform/log.ts';
import type { Relay } from '../../ops/platform/messaging/relay.ts';
import { empty, otherMethods } from '../tmf630/answer.ts';
import { parseJson, readBytes } from '../tmf630/body.ts';
import type { BoundaryContext, BoundaryEnv } from '../tmf630/boundary.ts';
import { refuse } from '../tmf630/errors.ts';
import { keepAnswer } from './callback.store.ts';
import { signatureHeader, signedAt } from './signature.ts';

export interface CallbackOptions {
  readonly sql: Database;
  readonly relay: Relay;
  readonly log: Log;
  readonly topology: Topology;
  /** What a platform shares with us; undefined where it shares nothing. */
  readonly secretOf: (platform: string) => string | undefined;
}

/** Long enough for clocks that differ and answers that queue, short enough that nobody keeps one for later. */
const withinSeconds = 300;

/** Platforms and service types are named so; anything else is not looked up. */
const name = /^[a-z0-9][a-z0-9-]{0,62}$/;

const text = z.string().min(1).max(500);
const callback = z.discriminatedUnion('state', [
  z.object({ reference: text, state: z.literal('done'), result: z.json().default(null) }),
  z.object({
    reference: text,
    state: z.literal('refused'),
    code: text.default('refused'),
    reason: text.default('The outside system gave no reason.'),
  }),
]);

/**
 * `POST /callbacks/<platform>/<serviceType>`: an answer that is signed with the platform's secret and kept, so that it
 * reaches the activator even with the broker down. The same again is taken again, and does nothing.
 *
 * Answers 204; 400 for what says nothing, 401 for a signature that is not good or not recent, 404 where nobody may say anything.
 */
export function callbackRoutes({ sql, relay, log, topology, secretOf }: CallbackOptions): Hono<BoundaryEnv> {
  const queues = new Set(topology.queues.map((queue) => queue.name));
  const routes = new Hono<BoundaryEnv>();

  /** The secret to judge by. */
  function secretFor(platform: string, serviceType: string): string {
    const isNamed = name.test(platform) && name.test(serviceType);
    const secret = isNamed ? secretOf(platform) : undefined;
    if (secret !== undefined && queues.has(activatorControlQueue(serviceType))) return secret;
    const why =
      secret !== undefined
        ? 'there is no such service type'
        : `no secret is configured for the platform: set PLATFORM_${isNamed ? platform.toUpperCase().replaceAll('-', '_') : '<NAME>'}_SECRET`;
    log.warn({ platform: platform.slice(0, 64), serviceType: serviceType.slice(0, 64), why }, 'callback not taken');
    throw refuse('notFound', 'Nobody is called back here.', {
      message: 'The address is <gateway>/callbacks/<platform>/<serviceType>, as the order to the platform said it.',
    });
  }

  routes.post('/:platform/:serviceType', async (c) => {
    const { platform, serviceType } = c.req.param();
    const secret = secretFor(platform, serviceType);
    const bytes = await readBytes(c.req.raw);
    const signed = signedAt(c.req.header(signatureHeader), bytes, secret);
    if (typeof signed !== 'number') throw unsigned(signed);
    const { reference, ...said } = callback.parse(parseJson(bytes));
    const answer =
      said.state === 'done' ? said : { state: said.state, failure: { code: said.code, reason: said.reason } };
    const message = publicationOf(send(externalAnswered, { serviceType, reference, answer }), {
      correlationId: reference,
      ...traced(c, reference),
    });
    if (!(await keepAnswer(sql, message, { signedAt: signed, withinSeconds }))) throw unsigned('old');
    relay.committed([message]);
    log.info({ platform, serviceType, reference, state: said.state, messageId: message.id }, 'called back');
    return empty(c, 204);

    function unsigned(why: string) {
      log.warn({ platform, serviceType, why: `signature ${why}` }, 'callback not taken');
      return refuse('unauthorized', 'The signature is missing, not ours or not recent.', {
        message: `Sign '<t>.<body>' with HMAC-SHA256 under the shared secret and send ${signatureHeader}: t=<unix seconds>,v1=<hex>, within ${withinSeconds} seconds.`,
        headers: { 'WWW-Authenticate': signatureHeader },
      });
    }
  });
  otherMethods(routes, '/:platform/:serviceType', ['POST']);
  return routes;
}

const traced = (c: BoundaryContext, reference: string): { traceparent?: string } => {
  const traceparent = c.get('trace').carry(reference);
  return traceparent === undefined ? {} : { traceparent };
};
