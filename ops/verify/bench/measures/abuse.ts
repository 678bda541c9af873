import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, attack } from '../abuse/attackers.ts';
import { type Beside, askBeside, memoryOf, mostMemory } from '../abuse/beside.ts';
import { serviceOrderPath, threeItemOrder } from '../order-body.ts';
import { type System, startSystem } from '../system.ts';
import type { Figure, Measure } from './measure.ts';

const ORDERS = 150;
const ORDER_BYTES = 60_000;
const MEMORY_WITHIN = 400;
const ANSWERED_WITHIN = 100;

const lists: Attack = { clients: 60, pipelined: 1, path: `${serviceOrderPath}?limit=1000`, bytesRead: 0 };
const attacks: Readonly<Record<string, Attack>> = {
  '60 sockets pipeline 20 lists each and read nothing': { ...lists, pipelined: 20 },
  '60 clients read a list slowly': { ...lists, bytesRead: 2_000 },
  '300 sockets ask for a list and read nothing': { ...lists, clients: 300 },
};

/** Short patterns that are long work: the first is refused, the second is what a filter may be, on documents that make it slow. */
const patterns = ['(?:.{0,99}){0,99}$', 'a(a|b){14}c'];
const SEARCHES = 12;

/** What the worst clients may do to a gateway, and what everybody else is answered meanwhile. */
export const abuse: Measure = {
  name: 'abuse',
  async run({ services, quick, tell }): Promise<Figure[]> {
    const system = await startSystem(services, ['gateway']);
    try {
      for (let n = 0; n < ORDERS; n += 1) await post(system, largeOrder(n));
      const figures: Figure[] = [];
      for (const [name, what] of Object.entries(attacks)) {
        tell(`  ${name}`);
        figures.push(...(await measureAttack(system, name, what, quick ? 10_000 : 40_000)));
      }
      for (const pattern of patterns) {
        tell(`  ${pattern}`);
        figures.push(...(await measureSearches(system, pattern)));
      }
      return figures;
    } finally {
      await system.stop();
    }
  },
};

async function measureAttack(system: System, name: string, what: Attack, ms: number): Promise<Figure[]> {
  const over = sleep(ms);
  const attackers = attack(system.gateway, what);
  const [memory, posts] = await Promise.all([
    mostMemory(system.gatewayMetrics, over),
    askBeside(over, () => send(system, threeItemOrder('bench-abuse')), 201),
  ]).finally(() => attackers.stop());
  await sleep(5_000);
  const after = await memoryOf(system.gatewayMetrics);
  return [
    {
      ...{ name: `memory while ${name}`, value: memory, unit: 'MB', target: { of: 'value', atMost: MEMORY_WITHIN } },
      detail: `${after.toFixed(0)} MB 5 s after`,
    },
    answered('a create beside it, p99', posts),
  ];
}

async function measureSearches(system: System, pattern: string): Promise<Figure[]> {
  const url = `${system.gateway}${serviceOrderPath}?description.regex=${encodeURIComponent(pattern)}`;
  const searches = Promise.all(Array.from({ length: SEARCHES }, async () => (await fetch(url)).status));
  const began = performance.now();
  const [statuses, pages, posts] = await Promise.all([
    searches,
    askBeside(searches, () => fetch(`${system.gateway}${serviceOrderPath}?limit=1`), 206),
    askBeside(searches, () => send(system, threeItemOrder('bench-abuse')), 201),
  ]);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const named = `${SEARCHES} searches for ${pattern}`;
  return [
    { name: named, value: Number(seconds), unit: 's', detail: `answered ${[...new Set(statuses)].join(', ')}` },
    answered(`a page of one order beside ${named}, p99`, pages),
    answered(`a create beside ${named}, p99`, posts),
  ];
}

function answered(name: string, { p99, most, answers, wrong }: Beside): Figure {
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.length} of ${answers} were answered ${wrong[0]}`);
  return {
    ...{ name, value: p99, unit: 'ms', target: { of: 'value', atMost: ANSWERED_WITHIN } },
    detail: `most ${most.toFixed(0)} ms of ${answers}`,
  };
}

const send = (system: System, body: string) =>
  fetch(`${system.gateway}${serviceOrderPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

async function post(system: System, body: string): Promise<void> {
  const answer = await send(system, body);
  if (answer.status !== 201) throw new Error(`an order was answered ${answer.status}: ${await answer.text()}`);
}

/** Letters that a pattern has to look at one by one. */
function largeOrder(n: number): string {
  const order = JSON.parse(threeItemOrder(`bench-abuse-${n}`)) as Record<string, unknown>;
  const description = Array.from({ length: ORDER_BYTES }, (_, at) => ((at * 7919 + n) % 97 < 48 ? 'a' : 'b')).join('');
  return JSON.stringify({ ...order, description });
}
