import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../../simulator/faults.ts';
import type { Drill } from '../drill.ts';
import type { Fault } from '../network-control.ts';
import { type Mix, everyKind } from '../order-mix.ts';
import { productKinds } from '../products/mix.ts';
import type { Ways } from '../stage.ts';
import { crash, kill } from './kill.ts';
import { restart } from './restart.ts';
import type { Scenario } from './scenario.ts';
import { standStill } from './stand-still.ts';

/** How long it rages. */
const defaultSeconds = 180;
const often = { manager: '*', operation: 'calls' } as const;

/** A fault that begins and is over when it resolves. */
type Strike = (drill: Drill, random: () => number) => Promise<unknown>;
const workers = [
  'projector',
  'service-ordering',
  'service-inventory',
  'activator',
  'order-management',
  'product-inventory',
];
/** Faults of one thing come one after the other; those of different things at the same time. */
const lanes: Readonly<Record<string, readonly { what: string; strike: Strike }[]>> = {
  processes: [
    { what: 'a process is killed', strike: ({ stage }, random) => kill(pick(stage.fleet.processes, random)) },
    {
      what: 'both processes of a role are killed',
      strike: ({ stage }, random) => kill(...stage.fleet.of(pick(workers, random))),
    },
    {
      what: 'a process is asked to end and comes back',
      strike: ({ stage }, random) => restart(pick(stage.fleet.processes, random)),
    },
    {
      what: 'a process stands still for 3 s',
      strike: ({ stage }, random) => standStill(pick(stage.fleet.processes, random), 3_000),
    },
    {
      what: 'a process stands still for 30 s',
      strike: ({ stage }, random) => standStill(pick(stage.fleet.processes, random), 30_000),
    },
  ],
  broker: [
    {
      what: 'RabbitMQ is killed',
      async strike({ stage: { services } }) {
        services.rabbitmq.kill('SIGKILL');
        await services.rabbitmq.restart();
      },
    },
    {
      what: 'connections are reset before the confirm',
      async strike({ stage: { ways } }) {
        ways.broker.withhold();
        await sleep(400);
        ways.broker.cut();
      },
    },
    { what: 'a third of the connections to RabbitMQ is silent for 40 s', strike: silent('broker') },
    {
      what: 'RabbitMQ has no memory for 5 s',
      async strike({ stage: { services } }) {
        await services.rabbitmq.control?.('set_vm_memory_high_watermark', '0.0000001');
        await sleep(5_000);
        await services.rabbitmq.control?.('set_vm_memory_high_watermark', '0.6');
      },
    },
  ],
  database: [
    { what: 'PostgreSQL restarts fast', strike: ({ stage: { services } }) => services.postgres.restart() },
    {
      what: 'PostgreSQL restarts immediately',
      async strike({ stage: { services } }) {
        await crash(services.postgres);
        await services.postgres.restart();
      },
    },
    { what: 'a third of the connections to PostgreSQL is silent for 40 s', strike: silent('database') },
  ],
  network: [
    { what: 'the simulator is killed', strike: ({ stage }) => kill(stage.simulator) },
    {
      what: 'answers are lost for 8 s',
      strike: misbehaves({ ...often, kind: 'lost-answer', probability: 0.2 }, 8_000),
    },
    {
      what: 'calls land late for 8 s',
      strike: misbehaves({ ...often, kind: 'late-apply', probability: 0.2, params: { ms: 1_200 } }, 8_000),
    },
    {
      what: 'every platform hangs for 6 s',
      strike: misbehaves({ ...often, operation: '*', kind: 'hang', params: { ms: 6_000 } }, 6_000),
    },
    { what: 'platforms answer 503 for 8 s', strike: misbehaves({ ...often, kind: 'error', probability: 0.3 }, 8_000) },
  ],
};

/** Pauses between the faults of one lane: enough for several lanes to strike at once, and for messages to flow in between. */
const pauseMs: Readonly<Record<string, { from: number; to: number }>> = {
  processes: { from: 1_000, to: 6_000 },
  broker: { from: 8_000, to: 20_000 },
  database: { from: 15_000, to: 35_000 },
  network: { from: 2_000, to: 8_000 },
};

const onServiceOrders = { name: 'storm', what: '', mix: everyKind };

/** The storm with product orders in place of service orders. */
export const productStorm = (seed: number, lastsSeconds = defaultSeconds): Scenario =>
  storm(seed, lastsSeconds, { name: 'product-storm', what: ' on product orders', mix: productKinds });

/** All kinds of faults at random, several at once. The seed is printed, and makes the same choices again. */
export function storm(
  seed: number,
  lastsSeconds = defaultSeconds,
  { name, what, mix }: { readonly name: string; readonly what: string; readonly mix: Mix } = onServiceOrders,
): Scenario {
  return {
    name,
    title: `a random storm of faults${what} for ${lastsSeconds} s (--seed ${seed})`,
    paceMs: 500,
    mix,
    async play(drill) {
      const end = Date.now() + lastsSeconds * 1_000;
      await Promise.all(
        Object.entries(lanes).map(async ([lane, faults], n) => {
          let drawn = 0;
          const random = (): number => seeded(seed + n * 1_009, (drawn += 1));
          const { from, to } = pauseMs[lane] ?? { from: 1_000, to: 2_000 };
          while (Date.now() < end) {
            await sleep(from + (to - from) * random());
            const { what, strike } = pick(faults, random);
            if (Date.now() < end) await drill.blow(what, () => strike(drill, random));
          }
        }),
      );
      drill.note(`${drill.blows.length} faults`);
    },
  };
}

function silent(server: keyof Ways): Strike {
  return async ({ stage: { ways } }, random) => {
    const third = Math.floor(3 * random());
    const silence = ways[server].silence((connection) => connection % 3 === third);
    await sleep(40_000);
    silence.end();
  };
}

function misbehaves(fault: Fault, ms: number): Strike {
  const id = `storm-${fault.kind}`;
  return async ({ stage: { network } }) => {
    await network.add([{ ...fault, id }]);
    await sleep(ms);
    await network.remove(id);
  };
}

function pick<One>(all: readonly One[], random: () => number): One {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new Error('There is nothing to pick from.');
  return one;
}
