import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { simulatorApp } from './app.ts';
import type { LedgerRow, LedgerSummary } from './ledger.ts';
import type { Holdings } from './manager.ts';
import type { Delivering } from './deliveries.ts';
import { managers } from './managers/index.ts';
import { openNetwork } from './network.ts';
import { startSimulator } from './simulator.ts';

/** An answer. Each test says which of these it got by looking at it. */
export type Reply = {
  status: number;
  headers: Headers;
  text: string;
  body: {
    reference: string;
    serviceRef: string;
    result: { port?: string; prefix?: string; allocationId?: string; released?: string; previous?: Holdings };
    error: { code: string; reason: string };
  };
};

/** What the control side tells about itself, as far as tests ask. */
type Overview = {
  status: {
    services: Record<string, number>;
    calls: number;
    pendingLate: number;
    openDeliveries: number;
    faults: number;
  };
  managers: { name: string; idempotent: boolean; operations: { name: string }[] }[];
  faults: { kinds: Record<string, string> };
};
type Summary = { references: LedgerSummary[]; totals: Record<string, number>; reads: unknown[] };
type Rule = { id: string; kind: string; fired: number; exhausted: boolean };
type Allocation = { allocationId: string; label: string; prefix: string; reverseDns?: string };

type Ask = (method: string, path: string, body?: unknown) => Promise<Reply>;

/** The simulator's verbs, over whatever carries them. */
function speaking(ask: Ask) {
  const get = async <T = unknown>(path: string) => (await ask('GET', path)).body as T;
  return {
    ask,
    get,
    call: (path: string, reference: string, serviceRef: string, parameters: Holdings = {}) =>
      ask('POST', path, { reference, serviceRef, parameters }),
    /** Puts exactly these faults in force. */
    faults: async (...rules: Record<string, unknown>[]) => {
      const reply = await ask('PUT', '/_control/faults', { rules });
      if (reply.status !== 200) throw new Error(reply.text);
    },
    rules: async () => (await get<{ rules: Rule[] }>('/_control/faults')).rules,
    overview: () => get<Overview>('/_control'),
    rows: async (query = '') => (await get<{ rows: LedgerRow[] }>(`/_control/ledger${query}`)).rows,
    summary: (query = '') => get<Summary>(`/_control/ledger/summary${query}`),
    totalHeld: async () => (await get<{ total: number }>('/_control/holdings')).total,
    holdings: async (manager: string, serviceRef: string) =>
      (await get<{ holdings: Holdings }>(`/${manager}/services/${serviceRef}`)).holdings,
    allocations: async (serviceRef: string) =>
      (await get<{ holdings: { allocations?: Allocation[] } }>(`/ipam/services/${serviceRef}`)).holdings.allocations ??
      [],
  };
}

const replyOf = async (response: Response): Promise<Reply> => {
  const text = await response.text();
  let body: unknown = {};
  try {
    body = JSON.parse(text);
  } catch {
    // A wrong answer, or a page: only its text means anything.
  }
  return { status: response.status, headers: response.headers, text, body: body as Reply['body'] };
};

const request = (method: string, body: unknown): RequestInit => ({
  method,
  ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'network-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A network without sockets, for everything but cut connections. */
export function aNetwork(random?: () => number, delivering?: Delivering) {
  const network = openNetwork({
    ...{ directory: temporaryFolder(), managers },
    ...(random === undefined ? {} : { random }),
    ...(delivering === undefined ? {} : { delivering }),
  });
  onTestFinished(() => network.close());
  const app = simulatorApp(network);
  return speaking(async (method, path, body) => replyOf(await app.request(path, request(method, body), {})));
}

/** A caller of a simulator that listens somewhere. Rejects where the connection is cut. */
export const callerOf = (url: string, timeoutMs = 5000) =>
  speaking(async (method, path, body) =>
    replyOf(await fetch(url + path, { ...request(method, body), signal: AbortSignal.timeout(timeoutMs) })),
  );

/** A simulator with sockets, gone with the test. */
export async function aSimulator(timeoutMs?: number) {
  const simulator = await startSimulator({ port: 0, dataDir: temporaryFolder() });
  onTestFinished(() => simulator.close());
  return callerOf(simulator.url, timeoutMs);
}
