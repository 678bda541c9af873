import { describe, expect, test } from 'vitest';
import { cancel, onDue, onOutcome, place } from './outside-order.decide.ts';
import {
  type Course,
  aRequest,
  absent,
  after,
  answered,
  away,
  inState,
  later,
  lost,
  placed,
  ringing,
  rules,
  rung,
  start,
} from './outside-orders.fixture.ts';

const stateOf = ({ order }: Course) => [order?.ended === true ? 'ended' : order?.step, order?.open];
const lastTold = ({ told }: Course) => told.at(-1);
const many = (times: number, step: (course: Course) => Course, course: Course): Course =>
  Array.from({ length: times }).reduce<Course>(step, course);
const wanting = (course: Course, id = 'cancel-1'): Course =>
  after(course, cancel(course.order, { id, orderId: aRequest().id, reason: 'moved' }, rules, course.now));
const following = (): Course => answered(placed(), inState('inProgress'));

describe('placing', () => {
  test('begins at once, under a lease, and tells nothing before the endpoint did', () => {
    const begun = placed();
    expect([stateOf(begun), begun.told, begun.order?.dueAt]).toEqual([
      ['place', true],
      [],
      later(start, rules.leaseMs),
    ]);
    expect(begun.order?.openedBy).toBe(begun.order?.revision);
  });

  test('is followed by asking at the interval, and told only when something changed', () => {
    const polled = many(3, (one) => answered(rung(one), inState('inProgress')), following());
    expect(polled.told.map(({ state, orderRevision }) => [state, orderRevision])).toEqual([['inProgress', 1]]);
    expect(polled.order?.dueAt).toEqual(later(polled.now, rules.pollMs));
    const ended = answered(rung(polled), inState('completed'));
    expect([stateOf(ended), ended.order?.dueAt]).toEqual([['ended', false], null]);
    expect(lastTold(ended)).toMatchObject({ state: 'completed', orderRevision: 2, requestedBy: { attempt: 0 } });
  });

  test('refused is rejected with the endpoint’s words, for good', () => {
    const failure = { code: 'invalidBody', reason: 'no such site' };
    const refused = answered(placed(), { kind: 'refused', failure });
    expect([stateOf(refused)[0], lastTold(refused)]).toMatchObject(['ended', { state: 'rejected', failure }]);
  });

  test('an outage that the breaker answers for burns no attempt', () => {
    const tried = many(2 * rules.attempts, (one) => rung(answered(one, away(false))), placed());
    expect([stateOf(tried), tried.told]).toEqual([['place', true], []]);
  });

  test('an endpoint that is not reached is tried so often, then told as unreachable', () => {
    const tried = many(rules.attempts - 1, (one) => rung(answered(one, away(true))), placed());
    expect([stateOf(tried), tried.told]).toEqual([['place', true], []]);
    expect(lastTold(answered(tried, away(true)))).toMatchObject({ state: 'failed', failure: { code: 'unreachable' } });
  });

  test('whose outcome is unknown is looked up, and made again only when it stayed away for the settle time', () => {
    const unknown = answered(placed(), lost);
    expect(stateOf(unknown)).toEqual(['find', false]);
    const early = answered(rung(unknown), absent);
    expect(stateOf(early)).toEqual(['find', false]);
    let looking = early;
    while (looking.order?.step === 'find') looking = answered(rung(looking), absent, 0);
    expect(stateOf(looking)).toEqual(['place', true]);
    expect(looking.now.getTime() - unknown.now.getTime()).toBeGreaterThanOrEqual(rules.settleMs);
  });

  test('found by its id is followed, not placed', () => {
    const found = answered(rung(answered(placed(), lost)), inState('acknowledged'));
    expect([stateOf(found), found.order?.remoteId]).toEqual([['poll', false], 'remote-1']);
  });

  test('that never has an effect is given up after so many tries, certainly without one', () => {
    let course = placed();
    while (course.order?.ended === false)
      course = course.order.open ? answered(course, course.order.step === 'place' ? lost : absent) : rung(course);
    expect(lastTold(course)).toMatchObject({ state: 'failed', failure: { code: 'outcomeUnknown' } });
    expect(course.order?.uncertainSince).toBeUndefined();
  });

  test('whose process died is looked up when its lease is over', () => {
    expect(stateOf(rung(placed()))).toEqual(['find', false]);
  });

  test('by the same command again says the last word again and calls nobody', () => {
    const { order, now } = following();
    const again = place(order, { serviceType: 'access', order: aRequest() }, rules, now);
    expect([again.save, again.send?.map(({ body }) => body)]).toMatchObject([undefined, [{ orderRevision: 1 }]]);
  });

  test('without an endpoint is held with the reason, and begins when there is one', () => {
    const held = after(
      { order: undefined, now: start, told: [] },
      place(undefined, { serviceType: 'access', order: aRequest() }, undefined, start),
    );
    expect(lastTold(held)).toMatchObject({ state: 'held', failure: { code: 'noEndpoint' } });
    const again = after(held, onDue(held.order, undefined, held.order?.dueAt ?? start));
    expect(again.told).toHaveLength(1);
    expect(stateOf(rung(again))).toEqual(['place', true]);
  });

  test('gives the endpoint its time from the requested start on', () => {
    const requestedStartDate = later(start, 86_400_000).toISOString();
    expect(placed(aRequest({ requestedStartDate })).order?.deadlineAt).toBe(
      later(start, 86_400_000 + rules.deadlineMs).toISOString(),
    );
  });
});

describe('following', () => {
  test('an answer of an older attempt changes nothing', () => {
    const course = rung(following());
    const attempt = (course.order?.attempt ?? 0) - 1;
    expect(onOutcome(course.order, { id: '', attempt, result: inState('completed') }, rules, course.now)).toEqual({});
  });

  test.each(['failed', 'partial', 'rejected'] as const)(
    '%s outside is told with the failure, or at least one',
    (state) => {
      const failure = { code: 'noPort', reason: 'none left' };
      expect(lastTold(answered(rung(following()), inState(state, failure)))).toMatchObject({ state, failure });
      expect(lastTold(answered(rung(following()), inState(state)))?.failure?.code).toBe('outsideFailed');
    },
  );

  test('cancelled by somebody else is told as that', () => {
    expect(lastTold(answered(rung(following()), inState('cancelled')))?.failure?.code).toBe('cancelledOutside');
  });

  test('an order that is missing is gone only after it stayed away; back in between it never was', () => {
    const missing = answered(rung(following()), absent);
    expect(stateOf(missing)).toEqual(['poll', false]);
    const back = answered(rung(missing), inState('inProgress'));
    expect(back.order?.missingSince).toBeUndefined();
    let course = answered(rung(back), absent);
    const since = course.now;
    while (course.order?.ended === false) course = answered(rung(course), absent);
    expect(lastTold(course)?.failure?.code).toBe('vanished');
    expect(course.now.getTime() - since.getTime()).toBeGreaterThanOrEqual(rules.vanishedMs);
  });

  test('an answer that cannot be read is no answer: asked again, however often', () => {
    const failure = { code: 'unreadable', reason: 'not a service order' };
    const course = many(20, (one) => answered(rung(one), { kind: 'unreadable', failure, counted: true }), following());
    expect([stateOf(course), course.told.length]).toEqual([['poll', false], 1]);
  });
});

describe('the deadline', () => {
  const deadline = later(start, rules.deadlineMs);

  test('calls a running order off, and then it failed for lack of time', () => {
    const late = ringing(following(), deadline);
    expect([stateOf(late), late.order?.cancelling?.stage]).toEqual([['cancel', true], 'wanted']);
    const gone = answered(answered(late, { kind: 'task', task: { id: 't', state: 'done' } }), inState('cancelled'));
    expect(lastTold(gone)).toMatchObject({ state: 'failed', failure: { code: 'timedOut' } });
  });

  test('is not told where the order was done just before', () => {
    const failure = { code: 'orderEnded', reason: 'it is completed' };
    const ended = answered(
      answered(ringing(following(), deadline), { kind: 'refused', failure }),
      inState('completed'),
    );
    expect(lastTold(ended)).toMatchObject({ state: 'completed', cancellationRefused: undefined });
  });

  test('says so where the endpoint does not let the order go', () => {
    const failure = { code: 'pointOfNoReturn', reason: 'the digger is out' };
    const ended = answered(
      answered(ringing(following(), deadline), { kind: 'refused', failure }),
      inState('inProgress'),
    );
    expect(lastTold(ended)).toMatchObject({
      failure: { code: 'timedOut', reason: expect.stringContaining('the digger is out') },
    });
    expect(ended.told.flatMap(({ cancellationRefused }) => cancellationRefused ?? [])).toEqual([]);
  });

  test('ends an order that was never placed, and says why it was not', () => {
    const waiting = answered(placed(), away(false));
    expect(lastTold(ringing(waiting, deadline))).toMatchObject({
      failure: { code: 'unreachable', reason: expect.stringContaining('connection refused') },
    });
  });

  test('wakes an order that sleeps longer', () => {
    const course = answered(placed(), inState('inProgress'), rules.deadlineMs - 100);
    expect(course.order?.dueAt).toEqual(deadline);
  });

  test('is the end some time later, even where nobody answers', () => {
    const silent = ringing(ringing(following(), deadline), later(deadline, 10_000));
    expect(silent.order?.ended).toBe(false);
    expect(lastTold(ringing(silent, later(deadline, 400_000)))?.failure?.code).toBe('timedOut');
  });
});

describe('cancelling', () => {
  const task = (state: 'accepted' | 'inProgress' | 'done' | 'terminatedWithError') =>
    ({ kind: 'task', task: { id: 'task-1', state, failure: { code: 'late', reason: 'too late' } } }) as const;

  test('what is certainly not placed never is', () => {
    const course = wanting(answered(placed(), away(false)));
    expect([stateOf(course)[0], lastTold(course)]).toMatchObject(['ended', { state: 'cancelled' }]);
  });

  test('what is being placed is cancelled as soon as it is there', () => {
    const course = answered(wanting(placed()), inState('acknowledged'));
    expect([stateOf(course), course.order?.openedBy]).toEqual([['cancel', true], course.order?.revision]);
  });

  test('what is being placed and is not reached is not tried again', () => {
    expect(lastTold(answered(wanting(placed()), away(true)))?.state).toBe('cancelled');
  });

  test('what nobody knows of is looked up first; where it stays away it never was', () => {
    let course = wanting(answered(placed(), lost));
    while (course.order?.ended === false) course = answered(rung(course), absent);
    expect(lastTold(course)?.state).toBe('cancelled');
  });

  test('a running order is asked for together with the request, until one of them ends', () => {
    const asked = answered(wanting(following()), task('accepted'));
    expect(stateOf(asked)).toEqual(['pollCancel', false]);
    const both = answered(rung(asked), task('inProgress'));
    expect(stateOf(both)).toEqual(['poll', true]);
    expect(stateOf(answered(both, inState('pendingCancellation')))).toEqual(['pollCancel', false]);
    expect(lastTold(answered(both, inState('cancelled')))).toMatchObject({ state: 'cancelled', failure: undefined });
  });

  test('refused is told with the reason, once, and the order goes on', () => {
    const refused = answered(wanting(following()), task('terminatedWithError'));
    expect(lastTold(refused)).toMatchObject({ state: 'inProgress', cancellationRefused: { code: 'late' } });
    const on = answered(refused, inState('inProgress'));
    expect([stateOf(on), on.told.length]).toEqual([['poll', false], refused.told.length]);
    expect(lastTold(answered(rung(on), inState('completed')))).toMatchObject({ state: 'completed' });
  });

  test('asked again after a refusal is a new request, and refused alike it is told again', () => {
    const once = answered(answered(wanting(following()), task('terminatedWithError')), inState('inProgress'));
    const twice = answered(wanting(once, 'cancel-2'), task('terminatedWithError'));
    expect(twice.told.filter(({ cancellationRefused }) => cancellationRefused !== undefined)).toHaveLength(2);
    expect(new Set(twice.told.map(({ orderRevision }) => orderRevision)).size).toBe(twice.told.length);
  });

  test('the same request again is not made again; one of a refused request hears the refusal again', () => {
    const asked = answered(wanting(following()), task('accepted'));
    expect(wanting(asked).order).toBe(asked.order);
    const refused = answered(asked.order === undefined ? asked : rung(asked), task('terminatedWithError'));
    expect(lastTold(wanting(refused))).toEqual(lastTold(refused));
  });

  test('whose answer is lost is looked up before it is asked for again', () => {
    const unknown = answered(wanting(following()), lost);
    expect(stateOf(unknown)).toEqual(['findCancel', false]);
    expect(answered(rung(unknown), task('accepted')).order?.cancelling).toMatchObject({ taskId: 'task-1' });
    let looking = unknown;
    while (looking.order?.step === 'findCancel') looking = answered(rung(looking), absent);
    expect(stateOf(looking)).toEqual(['cancel', true]);
  });

  test('a request that is gone over there is refused after it stayed away', () => {
    let course = answered(wanting(following()), task('accepted'));
    while (course.order?.cancelling?.stage === 'asked')
      course = answered(
        course.order.open ? course : rung(course),
        course.order.step === 'pollCancel' ? absent : inState('inProgress'),
      );
    expect(lastTold(course)?.cancellationRefused?.code).toBe('cancellationVanished');
  });

  test('before the order is known, the order is never placed when it comes', () => {
    const { id, requestedBy } = aRequest();
    const early = after(
      { order: undefined, now: start, told: [] },
      cancel(undefined, { id: 'cancel-1', orderId: id, requestedBy }, rules, start),
    );
    expect(lastTold(early)).toMatchObject({ state: 'cancelled', requestedBy });
    const order = after(early, place(early.order, { serviceType: 'access', order: aRequest() }, rules, start));
    expect([stateOf(order)[0], lastTold(order)?.state, order.told.length]).toEqual(['ended', 'cancelled', 2]);
  });

  test('of an order that has ended says how it ended', () => {
    const ended = answered(rung(following()), inState('completed'));
    expect(lastTold(wanting(ended))).toEqual(lastTold(ended));
  });
});
