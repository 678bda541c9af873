import { Writable } from 'node:stream';
import { pino } from 'pino';
import { vi } from 'vitest';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import { deadLetterQueue, topology } from '../../../contracts/topology.ts';
import type { RoleDependencies } from '../../platform/messaging/role.ts';
import type { WorkerDependencies } from '../../platform/messaging/worker.ts';
import { type BrokerConnection, connectBroker } from '../../platform/broker/connection.ts';
import { type Publisher, createPublisher } from '../../platform/broker/publisher.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { parseConfiguration } from '../../platform/configuration.ts';
import { connectDatabase } from '../../platform/database.ts';
import { type Envelope, type Publication, publicationOf } from '../../platform/messaging/envelope.ts';
import type { Log } from '../../platform/log.ts';
import { type Relay, startRelay } from '../../platform/messaging/relay.ts';
import { cuttable } from './cuttable.ts';
import { testQueue, testType } from './test-queue.ts';
import { createTestbed } from './testbed.ts';

export { testQueue, testType };

type Channel = Awaited<ReturnType<BrokerConnection['createChannel']>>;
type GetMessage = Exclude<Awaited<ReturnType<Channel['get']>>, false>;

/** A dead letter as a person finds it. */
export interface Letter {
  readonly id: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly envelope: Envelope;
  readonly body: string;
}

/** What a process of the fleet is made of, on a database and a broker of its own. */
export interface Workbench extends WorkerDependencies {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly publisher: Publisher;
  readonly relay: Relay;
  /** What was logged, newest last. */
  readonly logged: readonly { readonly level: number; readonly msg: string; readonly [field: string]: unknown }[];
  /** A second connection pair and relay on the same database and broker: another replica. */
  replica(): Promise<WorkerDependencies & { readonly cut: () => void }>;
  /** Cuts every connection to the broker this process has. */
  cut(): void;
  /** What a role is started with, the network being at this address, and with these environment variables. */
  role(networkUrl: string, settings?: Readonly<Record<string, string>>): RoleDependencies;
  /** Publishes as the fleet would; `over` bends what a healthy publisher never bends. */
  publish(message: Outgoing, over?: Partial<Publication>): Promise<string>;
  /** Takes every dead letter of the test queue away, oldest first, until there are `count`. */
  letters(count: number): Promise<Letter[]>;
  /** A channel of its own, to look at and change the broker with. */
  channel(): Promise<Channel>;
  /** Messages ready in a queue. */
  ready(queue: string): Promise<number>;
  close(): Promise<void>;
}

/** What is waited for comes well within this; long, because machines that run tests are busy. */
export const soon = { timeout: 50_000, interval: 25 };

/** Sets a workbench up, with the topology of the fleet for these service types. */
export async function createWorkbench(serviceTypes: readonly string[] = [testType]): Promise<Workbench> {
  const testbed = await createTestbed();
  const declared = topology(serviceTypes);
  await assertTopology(testbed.amqpUrl, declared);
  const sql = connectDatabase(testbed.databaseUrl, { connections: 6, role: 'test' });
  const logged: Workbench['logged'][number][] = [];
  const log = recording(logged);
  const way = await cuttable(testbed.amqpUrl, 5672);
  const replicas: (() => Promise<void>)[] = [];

  async function connected(url: string) {
    const publishing = await connectBroker(url, 'test publishes', log);
    const consuming = await connectBroker(url, 'test consumes', log);
    const publisher = createPublisher(publishing, log);
    const relay = startRelay(sql, publisher, log);
    await vi.waitUntil(() => publisher.room() > 0, soon);
    return {
      publisher,
      relay,
      consuming,
      publishing,
      async close() {
        await relay.stop();
        await publisher.close();
        await Promise.allSettled([publishing.close(), consuming.close()]);
      },
    };
  }
  const own = await connected(way.url);
  // What looks from outside must not be cut with the rest.
  const outside: BrokerConnection = await connectBroker(testbed.amqpUrl, 'test looks', log);
  const looking = await outside.createChannel();

  async function letters(count: number): Promise<Letter[]> {
    const found: Letter[] = [];
    await vi.waitUntil(async () => {
      const got = await looking.get(deadLetterQueue(testQueue), { noAck: true });
      if (got !== false) found.push(letterOf(got));
      return found.length >= count;
    }, soon);
    return found;
  }

  const dependencies = { sql, topology: declared, log, batchSize: 64, retry: { attempts: 3, baseMs: 1, capMs: 2 } };
  return {
    ...dependencies,
    ...own,
    logged,
    letters,
    databaseUrl: testbed.databaseUrl,
    amqpUrl: testbed.amqpUrl,
    cut: way.cut,
    role: (networkUrl, settings = {}) => ({
      ...dependencies,
      ...own,
      configuration: parseConfiguration({
        DATABASE_URL: testbed.databaseUrl,
        AMQP_URL: testbed.amqpUrl,
        NETWORK_URL: networkUrl,
        ...settings,
      }),
    }),
    async replica() {
      const other = await cuttable(testbed.amqpUrl, 5672);
      const connections = await connected(other.url);
      replicas.push(async () => {
        await connections.close();
        await other.close();
      });
      return { ...dependencies, ...connections, cut: other.cut };
    },
    async publish(message, over = {}) {
      const publication = { ...publicationOf(message, { correlationId: 'test' }), ...over };
      const result = await own.publisher.publish(publication);
      if (result !== 'confirmed') throw new Error(`the message was ${result}`);
      return publication.id;
    },
    channel: () => outside.createChannel(),
    ready: async (queue) => (await looking.checkQueue(queue)).messageCount,
    async close() {
      await Promise.all(replicas.map((close) => close()));
      await own.close();
      await outside.close().catch(() => undefined);
      await way.close();
      await sql.end({ timeout: 1 });
      await testbed.close();
    },
  };
}

function recording(into: Workbench['logged'][number][]): Log {
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') into.push(JSON.parse(line));
      done();
    },
  });
  return pino({ level: 'debug', errorKey: 'error' }, lines);
}

function letterOf({ properties, content }: GetMessage): Letter {
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
  return {
    id: String(properties.messageId),
    type: String(properties.type),
    headers,
    envelope: JSON.parse(typeof headers['patchbay'] === 'string' ? headers['patchbay'] : '{}') as Envelope,
    body: content.toString(),
  };
}
