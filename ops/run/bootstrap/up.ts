import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { migrate } from '../migrations/migrate.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { loadSamples } from '../../samples/load.ts';
import { explain } from './explain.ts';
import { claimHome, homeFromEnvironment, prepareHome, type Home } from './home.ts';
import { keepUp } from './keep-up.ts';
import { endLeftovers } from './leftovers.ts';
import { choosePorts, type PortName } from './ports.ts';
import { startProcesses } from './processes.ts';
import { inWords, roomAt } from './room.ts';
import { removeRunFile, type RunFile } from './run-file.ts';
import { Sentence } from './sentence.ts';
import { chooseSources, startServices, type Services, type Sources } from './services.ts';
import { listenForStop } from './stop-signals.ts';

export type UpOptions = {
  env: NodeJS.ProcessEnv;
  /** processes per role */
  replicas: number;
  /** one line for people */
  tell: (line: string) => void;
  /** called once everything is ready */
  onReady: (run: RunFile) => void;
};

/** Less than a minute of a busy system. */
const littleForLogs = 1024 * 1024;

/** Thrown between steps when somebody asked to stop while the start was still going on. */
class Stopped extends Error {}

/**
 * Brings the whole system up in this process's foreground and keeps it up until asked to stop; then drains the roles,
 * stops what it started, and resolves. Data stays for the next start.
 *
 * @throws Sentence when a step fails; what was started by then is stopped again
 */
export async function up({ env, replicas, tell, onReady }: UpOptions): Promise<void> {
  const home = homeFromEnvironment(env);
  prepareHome(home);
  const release = claimHome(home);
  const stop = listenForStop(() => {
    tell('stopping at once');
    removeRunFile(home);
    void endLeftovers(home.processes, 0).finally(() => process.exit(130));
  });
  // In a callback that nobody awaits. What runs is taken down in order, not left behind.
  process.on('uncaughtException', (error) => {
    tell(explain(error));
    process.exitCode = 1;
    stop.ask();
  });
  const undo: (() => unknown)[] = [release, () => removeRunFile(home), () => endLeftovers(home.processes)];
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    if (stop.isAsked()) throw new Stopped();
    return work();
  };
  try {
    tellFullLogs(home, tell);
    const ended = await endLeftovers(home.processes);
    if (ended.length > 0) tell(`ended what an interrupted start left running: ${ended.join(', ')}`);
    const sources = await chooseSources(env);
    const ports = await choosePorts(home.portsFile, env, neededPorts(sources, env));
    const services = await step(() => startServices(home, ports, sources, env, tell));
    undo.push(() => stopServices(services));
    tell(`PostgreSQL and RabbitMQ are up (${describe(sources)})`);

    const applied = await step(() => migrate(services.postgres.url).catch(explainDatabase));
    if (applied.length > 0) tell(`migrated the database: ${applied.join(', ')}`);
    await step(async () =>
      assertTopology(services.rabbitmq.url, topology(await activatorTypes())).catch(explainBroker),
    );

    tell('starting the roles and the network simulator');
    const processes = await step(() => startProcesses({ home, ports, services, env, replicas, tell }));
    undo.push(processes.stop);
    await step(() => Promise.race([processes.whenReady(), stop.asked]));
    const samples = await step(() => loadSamples(services.postgres.url));
    if (samples > 0) tell(`loaded ${samples} sample service specifications`);

    const letGo = [services.postgres, services.rabbitmq].map((service) =>
      keepUp(service, tell, processes.writeRunFile),
    );
    undo.push(() => letGo.forEach((end) => end()));
    onReady(processes.writeRunFile());
    await stop.asked;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    if (stop.isAsked()) tell('stopping: roles finish what they hold, then the servers (again Ctrl-C: at once)');
    for (const end of undo.toReversed()) {
      try {
        await end();
      } catch (error) {
        tell(explain(error));
      }
    }
    if (stop.isAsked()) tell('stopped; data stays for the next start');
  }
}

// A log only tells: without room for it the system starts, and people know why it stays silent.
function tellFullLogs({ logs }: Home, tell: UpOptions['tell']): void {
  const room = roomAt(logs);
  if (room.bytes >= littleForLogs) return;
  tell(`the partition of the logs (${logs}) has only ${inWords(room)} left: lines that do not fit are dropped`);
}

async function stopServices({ postgres, rabbitmq }: Services): Promise<void> {
  await Promise.all([rabbitmq.stop(), postgres.stop()]);
}

function neededPorts(sources: Sources, env: NodeJS.ProcessEnv): PortName[] {
  return [
    'gateway',
    'health',
    ...(env['NETWORK_URL'] ? [] : (['simulator'] as const)),
    ...(sources.postgres === 'given' ? [] : (['postgres'] as const)),
    ...(sources.rabbitmq === 'given' ? [] : (['amqp', 'management', 'dist', 'epmd'] as const)),
  ];
}

function describe({ postgres, rabbitmq }: Sources): string {
  const words = { given: 'given by URL', docker: 'in Docker', embedded: 'private' };
  return postgres === rabbitmq ? words[postgres] : `PostgreSQL ${words[postgres]}, RabbitMQ ${words[rabbitmq]}`;
}

function explainDatabase(error: unknown): never {
  if (error instanceof Sentence) throw error;
  throw new Sentence(
    `The database refuses to be prepared (${(error as Error).message}): the login needs the right to create schemas in a database that can be written.`,
  );
}

function explainBroker(error: unknown): never {
  if ((error as Error).name === 'TopologyDriftError') throw new Sentence((error as Error).message);
  throw new Sentence(
    `RabbitMQ refuses to declare the topology (${(error as Error).message}): check the login and virtual host in AMQP_URL.`,
  );
}
