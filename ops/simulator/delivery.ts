import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import type { Answer } from './exchange.ts';

/** What the simulator's routes know of the connection. Without a server (`app.request()`) there is none. */
export type Env = { Bindings: Partial<HttpBindings> };

/**
 * Sends an answer the way it says: in full, not at all, or by cutting the connection. `settled` hears once whether the
 * caller got it; a caller that hung up while waiting did not.
 */
export function deliver(c: Context<Env>, answer: Answer, settled: (heard: boolean) => void = () => {}): Response {
  const outgoing = c.env.outgoing;
  if (outgoing === undefined) {
    if (answer.send === 'cut' || answer.send === 'silence')
      throw new Error(`${c.req.path} was to be left without an answer, which takes a real connection`);
    settled(true);
    const { status, body, headers } = inFull(answer);
    return new Response(body, { status, headers });
  }
  if (outgoing.destroyed) {
    settled(false);
    return RESPONSE_ALREADY_SENT;
  }
  outgoing.once('close', () => settled(outgoing.writableFinished));

  const { socket } = outgoing;
  switch (answer.send) {
    case 'cut':
      socket?.resetAndDestroy();
      break;
    case 'silence': {
      const timer = setTimeout(() => socket?.resetAndDestroy(), answer.ms);
      outgoing.once('close', () => clearTimeout(timer));
      break;
    }
    case 'json':
    case 'text': {
      // Straight to the socket: a Response object on the way costs a third of the time a call takes.
      const { status, body, headers } = inFull(answer);
      outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    }
  }
  return RESPONSE_ALREADY_SENT;
}

function inFull(answer: Exclude<Answer, { send: 'cut' | 'silence' }>) {
  const { status } = answer;
  return answer.send === 'text'
    ? { status, body: answer.body, headers: { 'content-type': answer.contentType } }
    : { status, body: JSON.stringify(answer.body), headers: { 'content-type': 'application/json', ...answer.headers } };
}
