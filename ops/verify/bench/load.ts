import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './percentile.ts';
import { programOptions } from './program.ts';

export type LoadOptions = {
  url: string;
  body: string;
  headers?: Record<string, string>;
  connections: number;
  /** Sent before the measurement and not counted: both sides compile their hot paths first. */
  warmupSeconds: number;
  seconds: number;
};

/** `rate` in answers per second, latencies in milliseconds. `statuses` counts answers by status, `failures` broken connections. */
export type LoadResult = {
  rate: number;
  p50: number;
  p99: number;
  answers: number;
  seconds: number;
  statuses: Record<string, number>;
  failures: number;
};

/**
 * POSTs the same body over keep-alive connections, one request at a time on each, for a bounded time.
 * Own sockets and one prepared buffer per request: at 20,000 requests a second an HTTP client's objects would cost as
 * much as the server under test, and on two cores the measurement would measure itself.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const url = new URL(options.url);
  const request = Buffer.from(requestText(url, options));
  const tally = {
    latencies: [] as number[],
    statuses: {} as Record<string, number>,
    failures: 0,
    counting: false,
    over: false,
  };
  const lanes = Array.from({ length: options.connections }, () => keepAsking(url, request, tally));

  await sleep(options.warmupSeconds * 1000);
  tally.counting = true;
  const began = performance.now();
  await sleep(options.seconds * 1000);
  tally.over = true;
  const seconds = (performance.now() - began) / 1000;
  tally.counting = false;
  await Promise.all(lanes);

  const { latencies, statuses, failures } = tally;
  const rate = latencies.length / seconds;
  return {
    rate,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    answers: latencies.length,
    seconds,
    statuses,
    failures,
  };
}

type Tally = {
  latencies: number[];
  statuses: Record<string, number>;
  failures: number;
  counting: boolean;
  over: boolean;
};

function requestText(url: URL, { body, headers = {} }: LoadOptions): string {
  const fields = {
    host: url.host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'keep-alive',
    ...headers,
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${url.pathname}${url.search} HTTP/1.1\r\n${head.join('')}\r\n${body}`;
}

/** One connection's life: ask, wait, ask again; a broken one is counted and replaced, so that a dying server cannot end the run early. */
async function keepAsking(url: URL, request: Buffer, tally: Tally): Promise<void> {
  while (!tally.over) {
    const broke = await ask(url, request, tally);
    if (!broke) continue;
    if (tally.counting) tally.failures += 1;
    await sleep(50);
  }
}

function ask(url: URL, request: Buffer, tally: Tally): Promise<boolean> {
  return new Promise((settle) => {
    const socket: Socket = connect({ host: url.hostname, port: Number(url.port || 80), noDelay: true });
    let sent = 0;
    let held = '';
    const send = () => {
      sent = performance.now();
      socket.write(request);
    };
    const end = (broke: boolean) => {
      socket.destroy();
      settle(broke);
    };
    socket.setEncoding('latin1');
    socket.setTimeout(30_000, () => end(true));
    socket.on('connect', send);
    socket.on('error', () => end(true));
    socket.on('end', () => end(!tally.over));
    socket.on('data', (chunk: string) => {
      held += chunk;
      const status = completeStatus(held);
      if (status === undefined) return;
      held = '';
      if (tally.counting) {
        tally.latencies.push(performance.now() - sent);
        tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      }
      if (tally.over) end(false);
      else send();
    });
  });
}

/** The status of the answer once it is all there, by length or by its last chunk. One request at a time: nothing follows it. */
function completeStatus(text: string): string | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isWhole = length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= headEnd + 4 + Number(length);
  return isWhole ? head.slice(9, 12) : undefined;
}

if (import.meta.main) {
  const fallback: LoadOptions = {
    url: 'http://127.0.0.1:8080/',
    body: '{}',
    connections: 64,
    warmupSeconds: 1,
    seconds: 5,
  };
  console.log(JSON.stringify(await load(programOptions(fallback))));
}
