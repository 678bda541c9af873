import { type Answer, ask, askAll, times, walk } from '../million/ask.ts';
import { seed } from '../million/seed.ts';
import { HOST_EVERY, SPREAD, categoryOf, externalIdOf, hostOf, partyOf } from '../million/seed.store.ts';
import { paired } from '../paired.ts';
import { everyRole, startSystem } from '../system.ts';
import { ROUND, acceptFigure, acceptLoad, warmUp } from './accept.ts';
import type { Figure, Measure } from './measure.ts';

const ORDERS = 1_000_000;
const QUICK_ORDERS = 100_000;
/** What a list by an indexed attribute may take, in milliseconds. */
const LIST_WITHIN = 20;
const ASKED_EACH = 40;
const SAMPLED_LINKS = 200;
/** A walk of a million in pages of a thousand takes some 30 s; a machine that needs longer is told how far it came. */
const WALK_FOR = 240_000;
/** The longest a filter nobody indexed may hold its connection: counting, then reading, with room to answer. */
const STOPPED_WITHIN = 10_000;

/** What stays as it was when a million orders are stored: accepting, filtered lists, walking through all of them. */
export const million: Measure = {
  name: 'million',
  async run({ services, quick, tell }): Promise<Figure[]> {
    const count = quick ? QUICK_ORDERS : ORDERS;
    const empty = await startSystem(services, ['gateway']);
    const full = await startSystem(services, everyRole);
    try {
      await seed(full, count, tell);
      tell('  asking');
      const lists = await measureLists(full.gateway, count);
      tell('  walking');
      const walked = await measureWalk(full.gateway, count);
      tell('  accepting');
      await warmUp(empty.gateway);
      await warmUp(full.gateway);
      const sides = { of: () => acceptLoad(full.gateway, ROUND), to: () => acceptLoad(empty.gateway, ROUND) };
      const { of, to, ratio } = await paired(quick ? 3 : 9, sides, ({ rate }) => rate);
      const floor = 'accepting with an empty database';
      return [
        acceptFigure(floor, to),
        {
          ...acceptFigure(`accepting with ${count.toLocaleString('en')} orders stored`, of),
          ...{ floor, ratio, target: { of: 'ratio', atLeast: 0.7 } },
        },
        ...lists,
        ...walked,
      ];
    } finally {
      await empty.stop();
      await full.stop();
    }
  },
};

async function measureLists(gateway: string, count: number): Promise<Figure[]> {
  const numbers = Array.from({ length: ASKED_EACH }, (_, index) => Math.floor(((index + 0.5) * count) / ASKED_EACH));
  const known = (await askAll(gateway, ['limit=1000&fields=id'])).flatMap(({ body }) => body as { id: string }[]);
  const day = (n: number) => Date.now() - ((count - n) * SPREAD.days * 86_400_000) / count;
  const date = (ms: number) => new Date(ms).toISOString();
  const window = (attribute: string, n: number, length: number) =>
    `${attribute}.gte=${date(day(n))}&${attribute}.lt=${date(day(n) + length)}`;
  const hour = 3_600_000;
  const states = ['completed', 'held', 'failed', 'cancelled', 'inProgress'];
  const lists: Record<string, (n: number, index: number) => string> = {
    id: (_, index) => `id=${known[(index * 25) % known.length]?.id}`,
    state: (_, index) => `state=${states[index % states.length]}`,
    'orderDate, one hour': (n) => window('orderDate', n, hour),
    'orderDate, older than': (n) => `orderDate.lt=${date(day(n) + hour)}`,
    'startDate, one hour': (n) => window('startDate', n, hour),
    'completionDate, one hour': (n) => window('completionDate', n, hour),
    externalId: (n) => `externalId=${externalIdOf(n)}`,
    category: (n) => `category=${categoryOf(n)}`,
    'relatedParty.id': (n) => `relatedParty.id=${partyOf(n)}`,
    'state and orderDate': (n) => `state=failed&${window('orderDate', n / 2, 720 * hour)}`,
    'category and state': (n) => `category=${categoryOf(n)}&state=held`,
    'party, state and orderDate': (n) => `relatedParty.id=${partyOf(n)}&state=completed&orderDate.gt=2020-01-01`,
    'category, four fields, oldest first': (n) =>
      `category=${categoryOf(n)}&fields=id,state,orderDate,externalId&sort=orderDate`,
  };
  const one = known[0]?.id ?? '';
  const retrieved: Answer[] = [];
  while (retrieved.length < ASKED_EACH) retrieved.push(await ask(gateway, '', `/${one}`));
  const figures: Figure[] = [
    { name: 'one order by its address, for comparison', value: times(retrieved).median, unit: 'ms' },
  ];
  for (const [name, query] of Object.entries(lists)) {
    const queries = numbers.map((n, index) => `${query(n, index)}&limit=20`);
    await askAll(gateway, queries.slice(0, 3));
    const answers = await askAll(gateway, queries);
    figures.push(listFigure(`list by ${name}`, answers));
  }
  const [deep] = await askAll(gateway, [`offset=${Math.floor(count * 0.7)}&limit=20`]);
  return [
    ...figures,
    { name: 'offset at 70 % of the list', value: deep?.ms ?? Number.NaN, unit: 'ms' },
    await worst(gateway, count),
  ];
}

function listFigure(name: string, answers: readonly Answer[]): Figure {
  const { median, p99, most } = times(answers);
  const { total, exact } = answers.at(-1) ?? { total: 0, exact: true };
  return {
    name,
    value: median,
    unit: 'ms',
    target: { of: 'value', atMost: LIST_WITHIN },
    detail: `p99 ${p99.toFixed(0)} ms, most ${most.toFixed(0)} ms; X-Total-Count ${total}${exact ? '' : ' or more'}`,
  };
}

/** One order among all by a characteristic of an item: no index knows it. It is found in time, or refused in words. */
async function worst(gateway: string, count: number): Promise<Figure> {
  const within = 'serviceOrderItem.service.serviceCharacteristic';
  const value = hostOf(Math.floor(count / 3 / HOST_EVERY) * HOST_EVERY);
  const { ms, status, body } = await ask(gateway, `${within}.name=reverseDns&${within}.value=${value}`);
  const { code } = body as { code?: string };
  if (status !== 200 && code !== 'queryTooSlow') throw new Error(`the worst filter was answered ${status} ${code}`);
  return {
    name: 'list by a characteristic that one order has',
    value: ms,
    unit: 'ms',
    target: { of: 'value', atMost: STOPPED_WITHIN },
    detail: `answered ${status}${code === undefined ? '' : ` ${code}`}`,
  };
}

async function measureWalk(gateway: string, count: number): Promise<Figure[]> {
  const began = performance.now();
  const { links, met, whole } = await walk(gateway, WALK_FOR);
  const seconds = (performance.now() - began) / 1000;
  // The order that was multiplied is there too.
  if (whole && met !== count + 1) throw new Error(`the walk met ${met} orders of ${count + 1}`);
  const step = Math.max(1, Math.floor(links.length / SAMPLED_LINKS));
  const sampled = links
    .filter((_, index) => index % step === 0)
    .map((link) => link.replace('fields=id&limit=1000', 'limit=20'));
  const { median, p99, most } = times(await askAll(gateway, sampled));
  return [
    {
      name: 'next link, all along the walk',
      value: median,
      unit: 'ms',
      target: { of: 'value', atMost: LIST_WITHIN },
      detail: `p99 ${p99.toFixed(0)} ms, most ${most.toFixed(0)} ms of ${sampled.length}; ${whole ? 'the whole list' : 'not the whole list'}: ${met.toLocaleString('en')} orders, each once, in ${seconds.toFixed(0)} s`,
    },
  ];
}
