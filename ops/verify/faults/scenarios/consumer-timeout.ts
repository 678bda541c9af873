import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../../run/bootstrap/service.ts';
import { holdInbox } from '../witness.store.ts';
import type { Scenario } from './scenario.ts';

const timeoutMs = 2_000;
const heldSeconds = 8;

/** In the broker's log, or in that of a role whose consumer it cancelled. */
const saysTimeout = /timed out on channel|delivery acknowledgement on channel|the broker cancelled the consumer/gi;

/**
 * Handlers take longer than the broker waits for an ack: it hands everything out again, and closes their channels (up to 4.2)
 * or cancels their consumers (from 4.3 on, without a word in its own log).
 */
export const consumerTimeout: Scenario = {
  name: 'timeout',
  title: 'consumers hold deliveries longer than the broker allows',
  paceMs: 500,
  async play(drill) {
    const { services, ways, sql, folders } = drill.stage;
    const timeouts = (): number =>
      readdirSync(folders.logs)
        .filter((file) => file.endsWith('.log'))
        .map((file) => readFileSync(join(folders.logs, file), 'utf8'))
        .reduce((sum, log) => sum + [...log.matchAll(saysTimeout)].length, 0);
    await patience(services.rabbitmq, timeoutMs, 500);
    // A channel keeps the patience it was opened with.
    ways.broker.cut();
    await drill.flowing();
    try {
      const before = timeouts();
      for (const round of [1, 2]) {
        await drill.blow(`deliveries are held for ${heldSeconds} s (${round})`, () => holdInbox(sql, heldSeconds));
        await drill.flowing();
      }
      const taken = timeouts() - before;
      drill.note(`${taken} times the broker took back what was held too long`);
      if (taken === 0) throw new Error('The broker took nothing back: this proves nothing.');
    } finally {
      await patience(services.rabbitmq, 1_800_000, 60_000);
      ways.broker.cut();
    }
    await sleep(500);
  },
};

/** How long the broker waits for an ack, and how often it looks. */
async function patience({ control }: Broker, waitMs: number, lookMs: number): Promise<void> {
  if (control === undefined) throw new Error('This broker cannot be told how long to wait.');
  await control(
    'eval',
    `application:set_env(rabbit, consumer_timeout, ${waitMs}), application:set_env(rabbit, channel_tick_interval, ${lookMs}).`,
  );
}
