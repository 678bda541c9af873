import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectorQueue } from '../../../../contracts/topology.ts';
import { clone } from '../../../run/bootstrap/home.ts';
import type { Drill } from '../drill.ts';
import { countRepeated } from '../logged.ts';
import { copyBacklog } from '../progress.store.ts';
import { countMessages } from '../queues.ts';
import { restart } from './restart.ts';
import type { Scenario } from './scenario.ts';

/** Events that gather for each order that is asked for: 500 orders, 20,000 events. */
const eventsOfAnOrder = 40;
const gatherWithinMs = 600_000;
/** A queue is asked after 30 s what it has lost, and again when a minute later nobody has met the marker. */
const askedTwiceMs = 100_000;
/** Copies of what gathered, for each order that is asked for: 500 orders, 200,000 messages. */
const copiesOfAnOrder = 400;
const drainsWithinMs = 600_000;
const suspendedMs = 60_000;
const pausedMs = 600_000;
const anHour = 3_600_000;
const preload = pathToFileURL(join(clone, 'ops/verify/faults/skewed-clock.main.ts')).href;

/** Plays something while messages wait for long; none of them is lost, and none may be sent again. */
const waiting = (name: string, title: string, wait: (drill: Drill, orders: number) => Promise<void>): Scenario => ({
  name,
  title: `${title}: nothing is sent again`,
  paceMs: 0,
  async play(drill, orders) {
    const repeated = countRepeated(drill.stage.folders.logs);
    await wait(drill, orders);
    await drill.pace(0);
    const restless = await drill.quiet(drainsWithinMs);
    if (restless !== undefined) throw new Error(restless);
    drill.note(`${repeated()} messages were sent again`);
    if (repeated() > 0) throw new Error(`${repeated()} messages that only waited were sent again.`);
  },
});

/** Resolves when so many events are in the projector's queue. */
async function gathered(drill: Drill, wanted: number): Promise<number> {
  for (const deadline = Date.now() + gatherWithinMs; ; await sleep(1_000)) {
    const events = (await countMessages(drill.stage.services.rabbitmq)).get(projectorQueue) ?? 0;
    if (events >= wanted) return events;
    if (Date.now() > deadline) throw new Error(`Only ${events} of ${wanted} events have gathered.`);
    await drill.flowing();
  }
}

/** Lets events gather in the projector's queue, does something, and waits until the queue was asked twice. */
async function whileProjectorIsAway(drill: Drill, events: number, what: string, then: () => unknown): Promise<void> {
  const { fleet } = drill.stage;
  const projectors = fleet.of('projector');
  await drill.blow(what, async () => {
    await Promise.all(projectors.map((process) => process.stop()));
    try {
      drill.note(`${await gathered(drill, events)} events wait for the projector`);
      await then();
      await sleep(askedTwiceMs);
    } finally {
      await Promise.all(projectors.map((process) => process.start()));
    }
    await Promise.all(projectors.map((process) => process.whenReady()));
  });
}

export const projectorAway = waiting('backlog', 'the projector is away while events gather', (drill, orders) =>
  whileProjectorIsAway(drill, orders * eventsOfAnOrder, 'the projector is away', () => undefined),
);

export const backlogAndClock = waiting(
  'backlog-clock',
  'the clock of publishers is an hour ahead, under a backlog',
  async (drill, orders) => {
    const { fleet, environment } = drill.stage;
    const wrong = ['service-ordering', 'service-inventory'].flatMap((role) => fleet.of(role).slice(0, 1));
    for (const { name } of wrong)
      environment.set(name, { NODE_OPTIONS: `--import=${preload}`, CLOCK_SKEW_MS: String(anHour) });
    await restart(...wrong);
    await whileProjectorIsAway(drill, orders * 4, 'publishers are an hour ahead', () => drill.flowing());
    for (const { name } of wrong) environment.delete(name);
    await restart(...wrong);
  },
);

export const backlogAndRestart = waiting(
  'backlog-restart',
  'RabbitMQ restarts, in order and killed, with a long backlog',
  (drill, orders) =>
    whileProjectorIsAway(drill, orders * 4, 'RabbitMQ restarts with a backlog', async () => {
      const { rabbitmq } = drill.stage.services;
      await copyBacklog(drill.stage.sql, projectorQueue, orders * copiesOfAnOrder);
      drill.note(`${await gathered(drill, orders * copiesOfAnOrder)} messages wait for it, most of them old news`);
      await rabbitmq.restart();
      await drill.flowing();
      rabbitmq.kill('SIGKILL');
      await rabbitmq.restart();
      await drill.flowing();
    }),
);

export const brokerSuspended = waiting(
  'suspended',
  `RabbitMQ stands still for ${suspendedMs / 1000} s`,
  async (drill) => {
    const { rabbitmq } = drill.stage.services;
    await drill.pace(500);
    await drill.blow('RabbitMQ stands still', async () => {
      rabbitmq.kill('SIGSTOP');
      try {
        await sleep(suspendedMs);
      } finally {
        rabbitmq.kill('SIGCONT');
      }
    });
    await drill.flowing();
    await sleep(askedTwiceMs);
  },
);

export const consumerPaused = waiting(
  'paused',
  'platforms are down for ten minutes and consumers pause',
  async (drill) => {
    const { simulator } = drill.stage;
    await drill.pace(500);
    await drill.blow('every platform is down', async () => {
      await simulator.stop();
      await sleep(pausedMs);
      await simulator.start();
      await simulator.whenReady();
    });
    await drill.flowing();
  },
);
