import { setTimeout as sleep } from 'node:timers/promises';
import { emptyPool, orderMix } from '../order-mix.ts';
import type { Scenario } from './scenario.ts';

const whileDown = 40;
const awayMs = 20_000;

/** RabbitMQ is killed, restarts in order, and is away while customers order on: each POST is answered 201 at once. */
export const brokerRestarts: Scenario = {
  name: 'broker',
  title: 'RabbitMQ dies, restarts, is away',
  paceMs: 700,
  async play(drill) {
    const { rabbitmq } = drill.stage.services;
    await drill.blow('RabbitMQ is killed', async () => {
      rabbitmq.kill('SIGKILL');
      await rabbitmq.restart();
    });
    await drill.flowing();
    await drill.blow('RabbitMQ restarts in order', () => rabbitmq.restart());
    await drill.flowing();
    await drill.blow(`RabbitMQ is away for ${awayMs / 1000} s while ${whileDown} orders come`, async () => {
      await rabbitmq.stop();
      const back = sleep(awayMs);
      const before = refusals(drill.customers.answers);
      await drill.order(orderMix('brokerless', whileDown, emptyPool));
      const refused = refusals(drill.customers.answers) - before;
      if (refused > 0) throw new Error(`${refused} POSTs were not answered 201 while the broker was away.`);
      await back;
      await rabbitmq.restart();
    });
  },
};

const refusals = (answers: Readonly<Record<string, number>>): number =>
  Object.entries(answers).reduce((sum, [status, count]) => sum + (status === '201' ? 0 : count), 0);
