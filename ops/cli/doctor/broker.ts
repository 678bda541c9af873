import { z } from 'zod';
import { topology } from '../../../contracts/topology.ts';
import { speaksAmqp } from '../../run/bootstrap/rabbitmq.ts';
import { withoutPassword } from '../../run/bootstrap/external.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { findingsOf, type Finding } from './finding.ts';

const { fine, wrong } = findingsOf('broker');

/** The little of a queue's description that matters here; `messages_dlx` are dead letters that found no queue. */
const queueSchema = z.object({
  name: z.string(),
  leader: z.string().optional(),
  state: z.string().optional(),
  messages: z.int().default(0),
  messages_dlx: z.int().default(0),
});
type Queue = z.output<typeof queueSchema>;

export type BrokerAddress = {
  url: string;
  managementUrl: string | undefined;
  login: { user: string; password: string };
};

/** Reachable, without alarms, every queue there and led, no dead letters. */
export async function checkBroker({ url, managementUrl, login }: BrokerAddress): Promise<Finding[]> {
  const address = new URL(url);
  const port = Number(address.port || 5672);
  const speaks = address.protocol === 'amqps:' || (await speaksAmqp(port, address.hostname));
  if (!speaks) {
    const advice =
      'look at rabbitmq.log in the log folder, then npm start; with AMQP_URL, at that broker. Orders are accepted meanwhile and go on when it is back';
    return [wrong('RabbitMQ', `nothing answers at ${withoutPassword(url)}`, advice)];
  }
  const reachable = fine('RabbitMQ', withoutPassword(url));
  if (managementUrl === undefined) return [reachable];
  const vhost = address.pathname.length > 1 ? address.pathname.slice(1) : encodeURIComponent('/');
  const ask = askAs(managementUrl, login);
  try {
    const [alarms, queues] = await Promise.all([
      ask('/api/health/checks/alarms'),
      ask(`/api/queues/${vhost}?disable_stats=false`),
    ]);
    const known = z.array(queueSchema).parse(await queues.json());
    return [
      reachable,
      fine('management', managementUrl),
      alarms.ok
        ? fine('alarms', 'none')
        : wrong('alarms', await alarms.text(), 'memory or disk is short: make room, publishing is blocked until then'),
      ...(await checkQueues(known)),
    ];
  } catch (error) {
    return [
      reachable,
      wrong(
        'management',
        `${managementUrl}: ${(error as Error).message}`,
        'enable the rabbitmq_management plugin, or set RABBITMQ_MANAGEMENT_URL',
      ),
    ];
  }
}

async function checkQueues(queues: readonly Queue[]): Promise<Finding[]> {
  const expected = topology(await activatorTypes()).queues.map(({ name }) => name);
  const missing = expected.filter((name) => !queues.some((queue) => queue.name === name));
  const leaderless = queues.filter(
    (queue) => expected.includes(queue.name) && (!queue.leader || queue.state === 'down'),
  );
  const dead = queues.filter((queue) => queue.name.endsWith('.dead') && queue.messages > 0);
  const stuck = queues.filter((queue) => queue.messages_dlx > 0);
  const names = (list: readonly Queue[], count: (queue: Queue) => number) =>
    list.map((queue) => `${queue.name} ${count(queue)}`).join(', ');
  return [
    missing.length === 0
      ? fine('queues', `${expected.length} declared`)
      : wrong(
          'queues',
          `missing: ${missing.join(', ')}`,
          'restart the fleet, which declares them; what they held is sent again from the database',
        ),
    leaderless.length === 0
      ? fine('queue leaders', 'every queue has one')
      : wrong(
          'queue leaders',
          `none for ${leaderless.map(({ name }) => name).join(', ')}`,
          'bring the other broker nodes back; on a single node delete the queue and restart the fleet',
        ),
    dead.length === 0
      ? fine('dead letters', 'none')
      : wrong(
          'dead letters',
          names(dead, ({ messages }) => messages),
          'npx patchbay fallout letters shows them: mend the cause, then fallout replay, or discard',
        ),
    stuck.length === 0
      ? fine('unroutable dead letters', 'none')
      : wrong(
          'unroutable dead letters',
          names(stuck, (queue) => queue.messages_dlx),
          'the dead-letter queue or its binding is missing: restart the fleet, which declares it',
        ),
  ];
}

function askAs(managementUrl: string, { user, password }: BrokerAddress['login']) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async (path: string): Promise<Response> => {
    const answer = await fetch(`${managementUrl}${path}`, {
      headers: { authorization },
      signal: AbortSignal.timeout(5_000),
    });
    if (answer.status === 401) throw new Error('the login is refused');
    return answer;
  };
}
