/** A TMF641 endpoint over HTTP: what is asked of it, and what every answer means for a call that must not be made twice. */
import type { Failure } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { OutsideEndpoint } from '../../ops/platform/outside-endpoints.ts';
import { OutcomeUnknown, PlatformNotReached, type Sending } from '../calls/platform.ts';
import { request } from '../calls/request.ts';
import { NotTmf641, readCreatedOrder, readCreatedTask, readError, readList, readOrder, readTask } from './answers.ts';
import type { OutsideOrder, Result } from './outside-order.state.ts';
import { toCancellation, toServiceOrder } from './translate.ts';

/** Every 4xx but those that say "not now" (408, 429): they are answers, and are read as such. */
const answers = Array.from({ length: 100 }, (_, at) => 400 + at).filter((status) => status !== 408 && status !== 429);
/** Not about the order, but about us: credentials that are not (any more) good, or an address with no TMF641 behind it. */
const turnedAway = new Set([401, 403, 407]);

/** How an endpoint is named by breakers, metrics and logs; the path the documents give it goes without saying. */
export function nameOf({ url }: Pick<OutsideEndpoint, 'url'>): string {
  const { host, pathname } = new URL(url);
  return `outside ${host}${pathname}`.replace(/(\/tmf-api\/serviceOrdering\/v4)?\/?$/, '');
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
  readonly key?: string;
}

/**
 * Makes the order's open call.
 *
 * @returns what it came to, outages apart
 * @throws OutcomeUnknown, PlatformNotReached for an outage, which the breaker counts
 */
export async function callEndpoint(
  endpoint: OutsideEndpoint,
  order: OutsideOrder,
  sending: Omit<Sending, 'signal'>,
): Promise<Result> {
  const ask = (asked: Asked): Promise<{ status: number; json: unknown }> => exchange(endpoint, asked, sending);
  const remoteId = order.remoteId ?? '';
  switch (order.step) {
    case 'place': {
      if (order.request === undefined) throw new Error(`order ${order.id} has nothing to place`);
      const body = toServiceOrder(order.request, order.serviceType, endpoint.specification);
      const { status, json } = await ask({ method: 'POST', path: '/serviceOrder', body, key: order.id });
      if (status === 404 || status === 405) throw new PlatformNotReached(`POST /serviceOrder was answered ${status}`);
      return refusal(status, json) ?? created(() => ({ kind: 'order', order: readCreatedOrder(json) }));
    }
    case 'find':
      return findOrder(await ask({ method: 'GET', path: `/serviceOrder?externalId=${order.id}&limit=10` }), order.id);
    case 'poll': {
      const { status, json } = await ask({ method: 'GET', path: `/serviceOrder/${encodeURIComponent(remoteId)}` });
      if (status === 404) return { kind: 'absent' };
      return unread(status) ?? legible(() => ({ kind: 'order', order: the(remoteId, readOrder(json)) }));
    }
    case 'cancel': {
      const { id = '', reason } = order.cancelling ?? {};
      const body = toCancellation(remoteId, reason);
      const { status, json } = await ask({ method: 'POST', path: '/cancelServiceOrder', body, key: id });
      return refusal(status, json) ?? created(() => ({ kind: 'task', task: readCreatedTask(json) }));
    }
    case 'findCancel': {
      const path = `/cancelServiceOrder?serviceOrder.id=${encodeURIComponent(remoteId)}`;
      return findTask(await ask({ method: 'GET', path }), remoteId);
    }
    case 'pollCancel': {
      const taskId = order.cancelling?.taskId ?? '';
      const { status, json } = await ask({ method: 'GET', path: `/cancelServiceOrder/${encodeURIComponent(taskId)}` });
      if (status === 404) return { kind: 'absent' };
      return unread(status) ?? legible(() => ({ kind: 'task', task: the(taskId, readTask(json)) }));
    }
    default:
      return order.step satisfies never;
  }
}

/** A cheap read that tells whether the endpoint answers, and lets us in. */
export async function probeEndpoint(endpoint: OutsideEndpoint): Promise<void> {
  const { status } = await exchange(endpoint, { method: 'GET', path: '/serviceOrder?limit=1&fields=id' }, {});
  if (status === 404) throw new PlatformNotReached('GET /serviceOrder was answered 404');
}

async function exchange(
  { url, token, timeout }: OutsideEndpoint,
  { method, path, body, key }: Asked,
  sending: Omit<Sending, 'signal'>,
): Promise<{ status: number; json: unknown }> {
  const headers = {
    accept: 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const call = { ...sending, signal: AbortSignal.timeout(timeout) };
  const response = await request(call, `${url}${path}`, { method, headers, json: body }, answers);
  const { status } = response;
  if (turnedAway.has(status))
    throw new PlatformNotReached(`${method} ${pathOf(path)} was answered ${status}: no entry`);
  return { status, json: await bodyOf(response) };
}

/** Undefined for a body that is empty, or that is no JSON where the status says enough. */
async function bodyOf(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    if (response.status >= 400) return undefined;
    throw new OutcomeUnknown(`the answer is not JSON or broke off: ${String(error).slice(0, 200)}`);
  }
}

const pathOf = (path: string): string => path.replace(/\?.*/, '');

/** What a 4xx to a call means. 409 may be about the same call made before. */
function refusal(status: number, json: unknown): Result | undefined {
  if (status < 400) return undefined;
  const failure: Failure = readError(json) ?? {
    code: `http-${status}`,
    reason: `It was refused with status ${status}.`,
  };
  return status === 409 ? { kind: 'unknown', failure, counted: true } : { kind: 'refused', failure };
}

/** A read that is not allowed has said nothing about what it was to read. */
const unread = (status: number): Result | undefined =>
  status < 400 ? undefined : unreadable(`The read was answered ${status}.`);

const unreadable = (reason: string): Result => ({
  kind: 'unreadable',
  failure: { code: 'unreadable', reason },
  counted: true,
});

/** An answer to a call that makes no sense leaves open what the call did. */
const created = (read: () => Result): Result =>
  legible(read, (failure) => ({ kind: 'unknown', failure, counted: true }));

function legible(
  read: () => Result,
  otherwise: (failure: Failure) => Result = ({ reason }) => unreadable(reason),
): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotTmf641) return otherwise({ code: 'unreadable', reason: error.message });
    throw error;
  }
}

function the<Read extends { readonly id: string }>(id: string, read: Read): Read {
  if (read.id !== id) throw new NotTmf641(`The answer is about ${read.id}, not about ${id}.`);
  return read;
}

/** Only an empty list says that the order is not there: one of other orders says that the filter was not understood. */
function findOrder({ status, json }: { status: number; json: unknown }, externalId: string): Result {
  return (
    unread(status) ??
    legible(() => {
      const list = readList(json).map((one) => readOrder(one));
      const found = list.find((one) => one.externalId === externalId);
      if (found !== undefined) return { kind: 'order', order: found };
      return list.length === 0 ? { kind: 'absent' } : unreadable('The list is not filtered by externalId.');
    })
  );
}

/** The newest request to cancel that is open or done. An endpoint that lists none is asked again to cancel. */
function findTask({ status, json }: { status: number; json: unknown }, orderId: string): Result {
  if (status >= 400) return { kind: 'absent' };
  return legible(() => {
    const found = readList(json)
      .map((one) => readTask(one))
      .findLast((one) => one.orderId === orderId && one.state !== 'terminatedWithError');
    return found === undefined ? { kind: 'absent' } : { kind: 'task', task: found };
  });
}
