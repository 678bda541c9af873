/** A client that believes no answer: each is held against the official document of the API that gave it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { errorBody, type JsonObject } from '../../contracts/tmf/common.ts';
import { productOrderingBasePath } from '../../contracts/tmf/tmf622.ts';
import { productInventoryBasePath } from '../../contracts/tmf/tmf637.ts';
import { serviceInventoryBasePath } from '../../contracts/tmf/tmf638.ts';
import { serviceOrderingBasePath } from '../../contracts/tmf/tmf641.ts';
import { createConformance, type Conformance } from './conformance.ts';
import type { Spec } from './specs.ts';

export const ORDERS = `${serviceOrderingBasePath}/serviceOrder`;
export const CANCELLATIONS = `${serviceOrderingBasePath}/cancelServiceOrder`;
export const SERVICES = `${serviceInventoryBasePath}/service`;
export const PRODUCT_ORDERS = `${productOrderingBasePath}/productOrder`;
export const PRODUCT_CANCELLATIONS = `${productOrderingBasePath}/cancelProductOrder`;
export const PRODUCTS = `${productInventoryBasePath}/product`;

/** The documents of the service APIs, by base path. Each call begins a coverage of its own. */
export const officialDocuments = (readSpec: (api: string) => Spec): Readonly<Record<string, Conformance>> => ({
  [serviceOrderingBasePath]: createConformance('TMF641', readSpec('TMF641')),
  [serviceInventoryBasePath]: createConformance('TMF638', readSpec('TMF638')),
});

/** The same of the product APIs. */
export const officialProductDocuments = (readSpec: (api: string) => Spec): Readonly<Record<string, Conformance>> => ({
  [productOrderingBasePath]: createConformance('TMF622', readSpec('TMF622')),
  [productInventoryBasePath]: createConformance('TMF637', readSpec('TMF637')),
});

/** An answer, read. `body` is empty for an answer without one. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
  /** The body of a list. */
  readonly list: readonly JsonObject[];
}

type Extra = Readonly<Record<string, string>>;

export interface ConformingClient {
  send(method: string, url: string, init?: RequestInit): Promise<Answer>;
  get(url: string, headers?: Extra): Promise<Answer>;
  /** A JSON body; text goes out as it is. */
  post(url: string, body: unknown, headers?: Extra): Promise<Answer>;
  patch(url: string, body: unknown, headers?: Extra): Promise<Answer>;
  remove(url: string, headers?: Extra): Promise<Answer>;
  /** Reads a resource until it is as wanted; every reading on the way conforms. */
  until(url: string, wanted: (body: JsonObject) => boolean): Promise<JsonObject>;
}

/** What a changing system may take; only a test that fails waits this long. */
const patienceMs = 30_000;

/**
 * @param request asks a gateway
 * @param documents by base path; an API without one is only asked for error bodies of the right shape
 */
export function conformingClient(
  request: (url: string, init?: RequestInit) => Promise<Response>,
  documents: Readonly<Record<string, Conformance>>,
): ConformingClient {
  const send: ConformingClient['send'] = async (method, url, init = {}) => {
    const response = await request(url, { method, ...init });
    const { pathname } = new URL(url, 'http://any');
    const [, document] = Object.entries(documents).find(([basePath]) => pathname.startsWith(`${basePath}/`)) ?? [];
    await document?.expectConforms(method, url, response);
    const text = await response.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    if (response.status >= 400) errorBody.parse(json);
    const { status, headers } = response;
    return Array.isArray(json)
      ? { status, headers, body: {}, list: json as JsonObject[] }
      : { status, headers, body: json as JsonObject, list: [] };
  };
  const withBody = (body: unknown, headers: Extra = {}): RequestInit => ({
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    send,
    get: (url, headers = {}) => send('GET', url, { headers }),
    post: (url, body, headers) => send('POST', url, withBody(body, headers)),
    patch: (url, body, headers) => send('PATCH', url, withBody(body, headers)),
    remove: (url, headers = {}) => send('DELETE', url, { headers }),
    async until(url, wanted) {
      for (const since = performance.now(); ; await sleep(25)) {
        const { body } = await send('GET', url);
        if (wanted(body)) return body;
        if (performance.now() - since > patienceMs) throw new Error(`still not as wanted: ${JSON.stringify(body)}`);
      }
    },
  };
}
