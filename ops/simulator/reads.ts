import type { Context } from 'hono';
import { deliver, type Env } from './delivery.ts';
import { errorAnswer, wrongAnswer, type Answer } from './exchange.ts';
import type { ReadName } from './faults.ts';
import type { Manager } from './manager.ts';
import type { Network } from './network.ts';

/** Answers a read, which is counted, may meet with a fault, and changes nothing. */
export const reading =
  (network: Network, manager: Manager) =>
  (kind: ReadName, answer: (named: string) => Answer) =>
  async (c: Context<Env>): Promise<Response> => {
    const named = c.req.param('named') ?? '';
    network.settling.read(manager.name, kind);
    const subject = kind === 'operations' ? { reference: named } : kind === 'services' ? { serviceRef: named } : {};
    const fate = network.faults.draw({ manager: manager.name, operation: kind, ...subject });
    await network.wait(fate);
    const { strike } = fate;
    switch (strike?.kind) {
      case 'error':
        return deliver(c, errorAnswer({ ...strike.params, code: 'platform-error', reason: 'the platform failed' }));
      case 'throttle': {
        const retryAfter = { 'retry-after': `${strike.params.retryAfterSeconds}` };
        return deliver(c, errorAnswer({ status: 429, code: 'throttled', reason: 'too many calls' }, retryAfter));
      }
      case 'hang':
        return deliver(c, { send: 'silence', ms: strike.params.ms });
      case 'reset':
        return deliver(c, { send: 'cut' });
      case 'wrong-answer':
        return deliver(c, wrongAnswer(strike.params.form, subject));
      case 'latency':
      case 'refuse':
      case 'lost-answer':
      case 'late-apply':
      case 'partial':
      case undefined:
        return deliver(c, answer(named));
      default:
        return strike satisfies never;
    }
  };

export const ok = (body: unknown): Answer => ({ send: 'json', status: 200, body });
export const notFound = (code: string, reason: string) => errorAnswer({ status: 404, code, reason });
