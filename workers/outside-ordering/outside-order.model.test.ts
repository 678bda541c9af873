import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';
import { cancel, place } from './outside-order.decide.ts';
import type { Result, Step } from './outside-order.state.ts';
import {
  type Course,
  aRequest,
  absent,
  after,
  answered,
  away,
  later,
  lost,
  rules,
  rung,
  start,
} from './outside-orders.fixture.ts';

/** An endpoint that does twice what arrives twice. */
interface Endpoint {
  orders: { id: string; state: ServiceOrderState; done: number }[];
  tasks: { id: string; state: 'accepted' | 'inProgress' | 'done' | 'terminatedWithError' }[];
  /** Calls on their way: they arrive then, and nobody hears the answer. */
  late: { at: number; step: Step }[];
}
const failure = { code: 'f', reason: 'f' };
const ended: readonly ServiceOrderState[] = ['completed', 'failed', 'cancelled'];

/** What the endpoint does with a call that arrives. */
function arrive(endpoint: Endpoint, step: Step): Result {
  const [order] = endpoint.orders;
  if (step === 'place') {
    endpoint.orders.push({ id: `remote-${endpoint.orders.length + 1}`, state: 'acknowledged', done: 0 });
    return seen(endpoint.orders.at(-1));
  }
  if (order === undefined || ended.includes(order.state)) return { kind: 'refused', failure };
  if (order.done > 3) return { kind: 'refused', failure };
  order.state = 'cancelled';
  endpoint.tasks.push({ id: `task-${endpoint.tasks.length + 1}`, state: 'done' });
  return { kind: 'task', task: endpoint.tasks.at(-1) ?? { id: '', state: 'done' } };
}
const seen = (order: Endpoint['orders'][number] | undefined): Result =>
  order === undefined ? absent : { kind: 'order', order: { id: order.id, state: order.state, failure: undefined } };

function read(endpoint: Endpoint, step: Step): Result {
  if (step === 'find' || step === 'poll') return seen(endpoint.orders[0]);
  const task = endpoint.tasks.at(-1);
  return task === undefined ? absent : { kind: 'task', task };
}

/** Goes on by itself: some time each look. */
function work(endpoint: Endpoint, until: 'completed' | 'failed'): void {
  for (const order of endpoint.orders) {
    if (ended.includes(order.state)) continue;
    order.done += 1;
    order.state = order.done > 6 ? until : 'inProgress';
  }
}

const fates = ['arrives', 'loses', 'late', 'lost', 'away', 'crash', 'garbled'] as const;

test('whatever is lost, late, or dies: one order at most, told in turn, and told as it ended there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fates), { maxLength: 25 }),
      fc.array(fc.nat(30), { maxLength: 2 }),
      fc.array(fc.nat(30), { maxLength: 3 }),
      fc.constantFrom('completed' as const, 'failed' as const),
      (troubles, cancelAt, againAt, until) => {
        const endpoint: Endpoint = { orders: [], tasks: [], late: [] };
        const command = { serviceType: 'access', order: aRequest() };
        let course: Course = { order: undefined, now: start, told: [] };
        course = after(course, place(undefined, command, rules, start));
        let turn = 0;
        for (; course.order?.ended !== true && turn < 400; turn += 1) {
          if (cancelAt.includes(turn))
            course = after(
              course,
              cancel(course.order, { id: `cancel-${turn}`, orderId: command.order.id }, rules, course.now),
            );
          if (againAt.includes(turn)) course = after(course, place(course.order, command, rules, course.now));
          if (course.order?.ended === true) break;
          for (const { step } of endpoint.late.filter(({ at }) => at <= course.now.getTime())) arrive(endpoint, step);
          endpoint.late = endpoint.late.filter(({ at }) => at > course.now.getTime());
          work(endpoint, until);
          course = course.order?.open === true ? meet(course, endpoint, troubles[turn] ?? 'arrives') : rung(course);
        }
        expect(course.order?.ended).toBe(true);
        expect(endpoint.orders.length).toBeLessThanOrEqual(1);
        // What was told again was told under the same number, in the same words.
        const numbers = course.told.map(({ orderRevision }) => orderRevision);
        expect([...new Set(numbers)]).toEqual(Array.from({ length: Math.max(0, ...numbers) }, (_, at) => at + 1));
        expect(new Set(course.told.map((one) => JSON.stringify(one))).size).toBe(new Set(numbers).size);
        const state = course.told.at(-1)?.state;
        const [order] = endpoint.orders;
        expect(state).toBe(order === undefined ? (cancelAt.length > 0 ? state : 'failed') : order.state);
        if (order === undefined) expect(['cancelled', 'failed']).toContain(state);
      },
    ),
    { numRuns: 1_000 },
  );
});

/** The open call meets its fate. */
function meet(course: Course, endpoint: Endpoint, fate: (typeof fates)[number]): Course {
  const step = course.order?.step ?? 'place';
  const isCall = step === 'place' || step === 'cancel';
  const unreadable: Result = { kind: 'unreadable', failure, counted: true };
  switch (fate) {
    case 'arrives':
      return answered(course, isCall ? arrive(endpoint, step) : read(endpoint, step));
    case 'loses':
    case 'garbled':
      if (isCall) arrive(endpoint, step);
      return answered(course, isCall ? lost : unreadable);
    case 'late':
      // Within the settle time, and not before somebody may look.
      if (isCall) endpoint.late.push({ at: later(course.now, rules.settleMs / 2).getTime(), step });
      return answered(course, isCall ? lost : unreadable);
    case 'lost':
      return answered(course, isCall ? lost : unreadable);
    case 'away':
      return answered(course, isCall ? away(true) : unreadable);
    case 'crash':
      if (isCall) arrive(endpoint, step);
      return rung(course);
    default:
      return fate satisfies never;
  }
}
