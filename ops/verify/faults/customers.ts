import { setTimeout as sleep } from 'node:timers/promises';
import { productOrderingBasePath } from '../../../contracts/tmf/tmf622.ts';
import { serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';
import type { AcceptedOrder, AcceptedProductOrder, Book } from './book.ts';
import type { Plan } from './order-mix.ts';
import { bodyOf } from './planned-order.ts';
import { productOrderBody } from './products/planned-product-order.ts';

/** Who sends orders: so many at once, each with a key of its own, again and again until it is answered 201. */
export interface Customers {
  /** Resolves when all of them are accepted. */
  send(orders: readonly Plan[]): Promise<void>;
  /** Answers so far by status; `none` where the connection broke or nobody listened. */
  readonly answers: Readonly<Record<string, number>>;
}

const atOnce = 8;
/** Every so many-th POST is sent again although it was answered. */
const forgetful = 7;
/**
 * As long as everything may take to end after the last fault: an order that is not taken by then is a failure of its own. In a storm two broker
 * restarts of 30 s and three silences of the database of 40 s follow each other with hardly a second in between.
 */
const patienceMs = 300_000;
const answerWithinMs = 10_000;

/** @param gateways base addresses of all replicas; a customer whose gateway does not answer tries the next */
export function createCustomers(gateways: readonly string[], book: Book): Customers {
  const answers: Record<string, number> = {};
  let turn = 0;

  async function order(plan: Plan): Promise<void> {
    const [path, content] =
      'of' in plan
        ? [`${productOrderingBasePath}/productOrder`, productOrderBody(plan)]
        : [`${serviceOrderingBasePath}/serviceOrder`, bodyOf(plan)];
    const body = JSON.stringify(content);
    const deadline = Date.now() + patienceMs;
    let first: string | undefined;
    for (;;) {
      turn += 1;
      const gateway = gateways[turn % gateways.length] ?? '';
      const answer = await post(`${gateway}${path}`, plan.key, body);
      answers[answer.status] = (answers[answer.status] ?? 0) + 1;
      if (answer.status === '201' && first === undefined) {
        first = answer.id;
        book.write({ id: first, plan } as AcceptedOrder | AcceptedProductOrder);
        // Some did not hear the answer, and ask another gateway.
        if (turn % forgetful === 0) continue;
      }
      if (answer.status === '201') {
        if (answer.id !== first) throw new Error(`Order ${plan.key} was accepted as ${first} and as ${answer.id}`);
        if ('of' in plan && plan.cancelledAfterMs !== undefined) await cancel(first, plan.key, plan.cancelledAfterMs);
        return;
      }
      if (answer.status.startsWith('4') && answer.status !== '409')
        throw new Error(`Order ${plan.key} was answered ${answer.status}: ${answer.text}`);
      if (Date.now() > deadline)
        throw new Error(
          `Order ${plan.key} was not accepted in ${patienceMs / 1000} s; last answer ${answer.status} ${answer.text}`,
        );
      await sleep(100);
    }
  }

  /** Asks until the request to cancel is taken, or there is nothing left to cancel. */
  async function cancel(id: string, key: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const body = JSON.stringify({ cancellationReason: 'The customer thinks again', productOrder: { id } });
    for (const deadline = Date.now() + patienceMs; ; await sleep(100)) {
      turn += 1;
      const gateway = gateways[turn % gateways.length] ?? '';
      const path = `${productOrderingBasePath}/cancelProductOrder`;
      const { status, text } = await post(`${gateway}${path}`, `${key}-cancel`, body);
      if (status === '201' || text.includes('"orderEnded"')) return;
      if (Date.now() > deadline)
        throw new Error(`Order ${key} could not be cancelled in ${patienceMs / 1000} s; last answer ${status} ${text}`);
    }
  }

  return {
    answers,
    async send(orders) {
      const waiting = [...orders];
      const customer = async (): Promise<void> => {
        for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) await order(plan);
      };
      await Promise.all(Array.from({ length: atOnce }, customer));
    },
  };
}

async function post(url: string, key: string, body: string): Promise<{ status: string; id: string; text: string }> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body,
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = await answer.text();
    const id = answer.status === 201 ? (JSON.parse(text) as { id: string }).id : '';
    return { status: String(answer.status), id, text };
  } catch (error) {
    return {
      status: 'none',
      id: '',
      text: error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error),
    };
  }
}
