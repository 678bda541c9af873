import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createLog } from '../../platform/log.ts';
import { startTracing } from '../../platform/tracing/tracing.ts';
import { type System, sampleOrder, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { soon } from '../../verify/testbed/workbench.ts';

/** A span as OTLP's JSON has it; of the attributes, those that are texts. */
interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

const orders = '/tmf-api/serviceOrdering/v4/serviceOrder';
const spans: SinkSpan[] = [];
/** What reached the platforms: path and the header that came along. */
const platformCalls: { readonly path: string; readonly traceparent: string | undefined }[] = [];
const undo: (() => Promise<unknown>)[] = [];
let testbed: Testbed;
let system: System;
let gateway: string;

beforeAll(async () => {
  const sink = await listen(async (request) => {
    const { resourceSpans } = JSON.parse(await bodyOf(request)) as {
      resourceSpans: { scopeSpans: { spans: SinkSpan[] }[] }[];
    };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    return { status: 200, body: '{}' };
  });
  const simulator = await simulated();
  const platforms = await listen(async (request) => {
    platformCalls.push({ path: request.url ?? '', traceparent: request.headers['traceparent'] as string | undefined });
    const answer = await fetch(`${simulator.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      ...(request.method === 'GET' ? {} : { body: await bodyOf(request) }),
    });
    return { status: answer.status, body: await answer.text() };
  });
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: undefined,
    OTEL_SERVICE_NAME: undefined,
    OTEL_TRACES_SAMPLER_ARG: 1,
  };
  const tracing = await startTracing(settings, 'test', createLog('test', 'silent'));
  undo.push(() => tracing.stop());
  testbed = await createTestbed();
  system = await startSystem(testbed, { NETWORK_URL: platforms });
  gateway = await system.listen();
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
  for (const end of undo.toReversed()) await end();
});

async function listen(
  answer: (request: IncomingMessage) => Promise<{ status: number; body: string }>,
): Promise<string> {
  const server: Server = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function simulated(): Promise<Simulator> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tracing-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const simulator = await startSimulator({ port: 0, dataDir });
  undo.push(() => simulator.close());
  return simulator;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Places the sample order, waits for its end and for its spans; gives its id. */
async function completed(headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${gateway}${orders}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(await sampleOrder('business-internet')),
  });
  const { id } = (await answer.json()) as { id: string };
  await vi.waitUntil(async () => {
    const order = (await (await system.request(`${orders}/${id}`)).json()) as { state: string };
    return order.state === 'completed';
  }, soon);
  await vi.waitUntil(() => spansOf(id).some(({ name }) => name.startsWith('call cpe apply configure')), soon);
  await vi.waitUntil(() => spansOf(id).filter(({ name }) => name.startsWith('POST')).length === 1, soon);
  return id;
}

const attribute = (span: SinkSpan, wanted: string): string | undefined =>
  span.attributes.find(({ key }) => key === wanted)?.value.stringValue;
const traceOf = (orderId: string): string | undefined =>
  spans.find((span) => attribute(span, 'messaging.message.conversation_id') === orderId)?.traceId;
const spansOf = (orderId: string): SinkSpan[] => spans.filter(({ traceId }) => traceId === traceOf(orderId));

/** From the root to the span, as names with the queue where there is one. */
function lineage(span: SinkSpan): string[] {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  const queue = attribute(span, 'messaging.destination.name');
  const name = span.kind === 5 && queue !== undefined ? `${span.name} @ ${queue}` : span.name;
  return [...(parent === undefined ? [] : lineage(parent)), name];
}

test("an order's spans are one trace, the client's, from the request through every worker to the platform's call", async () => {
  const client = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  const id = await completed({ traceparent: `00-${client.traceId}-${client.spanId}-01` });

  const own = spans.filter((span) => attribute(span, 'messaging.message.conversation_id') === id);
  expect(own.length).toBeGreaterThan(20);
  expect(new Set(own.map(({ traceId }) => traceId))).toEqual(new Set([client.traceId]));
  const request = spansOf(id).find(({ name }) => name.startsWith('POST'));
  expect(request).toMatchObject({ name: `POST ${orders}`, parentSpanId: client.spanId });

  const first = spansOf(id).find(({ name }) => name === 'call olt apply reserve-port');
  expect(first && lineage(first)).toEqual([
    `POST ${orders}`,
    'publish service-ordering.accept-service-order.v1',
    'process service-ordering.accept-service-order.v1 @ service-ordering',
    'publish service-inventory.claim-services.v1',
    'process service-inventory.claim-services.v1 @ service-inventory',
    'publish service-inventory.services-claimed.v1',
    'process service-inventory.services-claimed.v1 @ service-ordering',
    'publish activation.activate-item.v2',
    'process activation.activate-item.v2 @ activator.broadband',
    'call olt apply reserve-port',
  ]);
  const last = spansOf(id).find(({ name }) => name === 'call cpe apply configure-router');
  // Two services later: through what the first one's last step landed.
  expect(last && lineage(last).slice(0, 10)).toEqual([
    ...(first ? lineage(first).slice(0, 9) : []),
    'call olt apply configure-line',
  ]);

  const reserved = platformCalls.find(({ path }) => path === '/olt/reserve');
  expect(reserved?.traceparent).toBe(`00-${client.traceId}-${first?.spanId}-01`);
});

test('a trace that nobody began is the order id', async () => {
  const id = await completed();
  expect(traceOf(id)).toBe(id.replaceAll('-', ''));
  expect(spansOf(id).find(({ name }) => name.startsWith('POST'))?.parentSpanId ?? '').toBe('');
});
