import { setTimeout as sleep } from 'node:timers/promises';
import '../../platform/engine.ts';
import '../../platform/compiled-schemas.ts';
import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import type { RunningRole } from '../../platform/messaging/role.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createPublisher } from '../../platform/broker/publisher.ts';
import { declareQueue } from '../../platform/broker/topology.ts';
import { type Configuration, ConfigurationError, parseConfiguration } from '../../platform/configuration.ts';
import { DriverError, connectDatabase } from '../../platform/database.ts';
import { type HealthServer, startHealthServer } from '../../platform/health.ts';
import { createLog } from '../../platform/log.ts';
import { createMetricsPage } from '../../platform/metrics/readings.ts';
import { watchForLost } from '../../platform/messaging/lost.ts';
import { startRelay } from '../../platform/messaging/relay.ts';
import { startTracing } from '../../platform/tracing/tracing.ts';
import { startJanitor } from './janitor.ts';
import { roles } from './roles.ts';

/**
 * One process of the fleet: `node ops/run/fleet/process.ts <role>[,<role>...]`, configured by its environment. It answers
 * `/health/live`, `/health/ready` and `/metrics` on HEALTH_PORT, drains on SIGTERM and exits 0.
 */
async function main(names: readonly string[], configuration: Configuration): Promise<void> {
  const name = names.join(',');
  const log = createLog(name, configuration.LOG_LEVEL);
  const tracing = await startTracing(configuration, name, log);
  const sql = connectDatabase(configuration.DATABASE_URL, {
    connections: configuration.DATABASE_CONNECTIONS,
    role: name,
  });
  const publishing = await connectBroker(configuration.AMQP_URL, `${name} publishes`, log);
  const consuming = await connectBroker(configuration.AMQP_URL, `${name} consumes`, log);
  const publisher = createPublisher(publishing, log);
  const relay = startRelay(sql, publisher, log);
  const declared = topology(await activatorTypes());
  // Processes of the release before know no markers.
  const lost =
    configuration.MESSAGE_VERSIONS === 'previous'
      ? undefined
      : watchForLost({
          ...{ sql, publisher, log },
          declareQueue: (queue) => declareQueue(publishing, declared, queue),
        });
  const { JOURNAL_DAYS: journal, DELETED_DAYS: deleted, AUDIT_DAYS: audit } = configuration;
  const janitor = startJanitor(sql, { journal, deleted, audit }, log);
  const running = new Map<string, RunningRole>();
  const dependencies = {
    sql,
    relay,
    consuming,
    topology: declared,
    log,
    batchSize: configuration.BATCH_SIZE,
    retry: { attempts: configuration.RETRY_ATTEMPTS, baseMs: 200, capMs: 30_000 },
    versions: configuration.MESSAGE_VERSIONS,
    configuration,
  };

  let stopping = false;
  const health: HealthServer = await startHealthServer({
    port: configuration.HEALTH_PORT,
    host: configuration.HEALTH_HOST,
    database: async () => sql`select 1`,
    troubles: () =>
      stopping
        ? ['draining']
        : running.size < names.length
          ? ['starting']
          : [...new Set([...running.values()].flatMap((role) => role.troubles()))],
    metrics: createMetricsPage({
      ...{ sql, consuming, log },
      ready: () => Object.fromEntries(names.map((role) => [role, running.get(role)?.troubles().length === 0])),
    }),
  });

  async function stop(signal: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'draining');
    // Whatever hangs is given up: everything it held is in the database or goes back to the broker.
    setTimeout(() => process.exit(1), 25_000).unref();
    // A database that has fallen silent is given up before, in time to end in order.
    setTimeout(() => void sql.end({ timeout: 0 }), 12_000).unref();
    await Promise.all([...running.values()].map((role) => role.stop()));
    await lost?.stop();
    await relay.stop();
    await janitor.stop();
    // A broker that has fallen silent does not answer a close either: what it gave out it takes back when the process is gone.
    const closing = publisher.close().then(() => Promise.allSettled([publishing.close(), consuming.close()]));
    await Promise.race([closing, sleep(3_000)]);
    await health.close();
    await tracing.stop();
    await sql.end({ timeout: 5 });
    log.info('drained');
    process.exit(0);
  }
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('unhandledRejection', (error) => {
    log.fatal({ error }, 'unhandled rejection: ending, the supervisor starts anew');
    process.exit(1);
  });
  // Node's own report goes to stderr and waits for its reader.
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'uncaught exception: ending, the supervisor starts anew');
    process.exit(1);
  });

  for (const role of names) {
    const start = roles[role];
    if (start !== undefined) running.set(role, await start(dependencies));
  }
  log.info({ healthPort: health.port }, 'started');
}

const names = (process.argv[2] ?? '').split(',').filter((name) => name !== '');
const unknown = names.filter((name) => !Object.hasOwn(roles, name));
if (names.length === 0 || unknown.length > 0) {
  console.error(
    `Name one or more roles of ${Object.keys(roles).join(', ')}${unknown.length > 0 ? `; there is no ${unknown.join(', ')}` : ''}.`,
  );
  process.exit(2);
}
try {
  await main(names, parseConfiguration(process.env));
} catch (error) {
  if (error instanceof ConfigurationError || error instanceof DriverError) console.error(error.message);
  else createLog(names.join(','), 'fatal').fatal({ error }, 'did not start');
  process.exit(1);
}
