import { expect, test } from 'vitest';
import { type GivenUp, messageGivenUp } from '../../../contracts/messages/given-up.ts';
import type { MessageDefinition, Outgoing } from '../../../contracts/messages/message.ts';
import * as decompositions from '../../../contracts/messages/decomposition.ts';
import * as ownMessages from '../../../contracts/messages/order-management.ts';
import * as outsideMessages from '../../../contracts/messages/outside-ordering.ts';
import * as productMessages from '../../../contracts/messages/product-inventory.ts';
import * as serviceMessages from '../../../contracts/messages/service-ordering.ts';
import { orderManagementQueue } from '../../../contracts/topology.ts';
import { publicationBy } from '../../../ops/platform/messaging/causation.ts';
import { tellGivenUp } from '../../../ops/platform/messaging/dead-letter.ts';
import { amend } from '../amend/amend.decide.ts';
import {
  type Fact,
  accepted,
  anItem,
  anOrder,
  cancelled,
  chain,
  claimed,
  deliveryOf,
  deliveryStates,
  done,
  given,
  lived,
  orderId,
  policy,
  recorded,
  rules,
  shortened,
  taken,
  told,
  turn,
} from '../orders.fixture.ts';
import type { SettleDelivery } from '../../../contracts/messages/order-management.ts';
import { onGivenUp, orderBehind } from './given-up.decide.ts';
import { settle } from './settle.decide.ts';

const abroad = anItem('1', { specification: { id: 'abroad' } });
const order = anOrder(chain(), anItem('2'));
const running = [accepted(order, policy({ do: 'compensate' })), claimed()];

/** What order management hears when its owner gives a command up, as the ground tells it. */
function givenUpOf(command: Outgoing): GivenUp {
  const alarm = { kind: 'fact' } as unknown as Parameters<typeof publicationBy>[0];
  const beginning = { correlationId: orderId, causationId: undefined, traceparent: undefined };
  const published = publicationBy(alarm, command, beginning, orderManagementQueue);
  const cause = { errorClass: 'TypeError', errorMessage: 'It is not a function.' };
  const event = tellGivenUp(published, published.routingKey, cause, new Date());
  return messageGivenUp.schema.parse(JSON.parse(event?.body ?? ''));
}

/** The last command of that verb that these facts sent is given up. */
const givenUp = (verb: string, ...facts: readonly Fact[]): Fact => {
  let state: ReturnType<typeof lived> | undefined;
  const sent = facts.flatMap((fact) => {
    const effects = fact(state);
    state = effects.save?.at(-1) ?? state;
    return effects.send ?? [];
  });
  const command = sent.findLast(({ definition }) => definition.name.includes(`.${verb}.`));
  if (command === undefined) throw new Error(`nobody sent ${verb}`);
  const body = givenUpOf(command);
  expect(orderBehind(body)).toBe(orderId);
  return (known) => onGivenUp(known, body, turn());
};
const settled =
  (component: string, verb: SettleDelivery['verb']): Fact =>
  (state) =>
    settle(state, { orderId, deliveryId: deliveryOf(state, component).id, verb }, 'command', turn());

const late: Fact = (state) =>
  amend(
    state,
    { commandId: 'late', id: orderId },
    { items: [chain('1', { characteristics: { rate: 5 } })], whenStarted: 'followUp' },
    rules,
    turn(),
  );

const placed = [accepted(anOrder(anItem('1')), policy({ do: 'compensate' })), claimed()];
const fell = givenUp('accept-service-order', ...placed);
const cancelsAlone = `cancel-service-order ${deliveryOf(lived(...placed), 'alone').serviceOrderId}`;

test('every command that order management sends and that holds or refuses has a reaction', () => {
  const sentElsewhere = [serviceMessages, outsideMessages, productMessages, decompositions, ownMessages].flatMap(
    (messages) =>
      Object.values(messages).filter(
        (one): one is MessageDefinition<never> => typeof one === 'object' && 'whenGivenUp' in one,
      ),
  );
  const reacting = sentElsewhere.filter(({ whenGivenUp }) => whenGivenUp === 'hold' || whenGivenUp === 'refuse');
  // Only the gateway asks to cancel a product order.
  const sent = reacting.filter(({ name }) => name !== ownMessages.cancelProductOrder.name);
  const asked = lived(...running, ...taken('first'), late, cancelled());
  const known = {
    [serviceMessages.acceptServiceOrder.name]: deliveryOf(asked, 'alone').serviceOrderId,
    [outsideMessages.placeOutsideOrder.name]: deliveryOf(asked, 'alone').serviceOrderId,
    [serviceMessages.cancelServiceOrder.name]: asked.work[deliveryOf(asked, 'first').id]?.asked?.id,
    [outsideMessages.cancelOutsideOrder.name]: asked.work[deliveryOf(asked, 'first').id]?.asked?.id,
    [ownMessages.acceptProductOrder.name]: asked.order.followUps[0],
  };
  for (const { name: type } of sent) {
    const common = { messageId: 'm', queue: 'q', sender: orderManagementQueue, subject: orderId, awaited: false };
    const body = { ...common, type, key: known[type], code: 'c', reason: 'r', at: new Date().toISOString() };
    expect([type, onGivenUp(asked, body, turn()).save?.length]).toEqual([type, 1]);
  }
  expect(sent).toHaveLength(5);
});

test('a service order that was given up holds its delivery, and says why; word of it clears that', () => {
  const { state } = given(...placed)
    .when(fell)
    .then({ stage: 'held', items: { 1: 'held' }, sends: [] });
  expect(state.order.state).toBe('held');
  expect(state.order.items['1']?.note).toMatch(
    /^alone needs a person\. service-ordering gave up message [0-9a-f-]{36}: TypeError: It is not a function\.$/u,
  );
  given(...placed, fell)
    .when(fell)
    .thenNothing();
  const { state: heard } = given(...placed, fell)
    .when(told('alone', 'acknowledged'))
    .then({ stage: 'inProgress', items: { 1: 'inProgress' }, deliveries: { alone: 'acknowledged' } });
  const { id, failure } = deliveryOf(heard, 'alone');
  expect([failure, heard.work[id]?.fellOut]).toEqual([undefined, undefined]);
  expect(heard.order.items['1']?.note).toBeUndefined();
});

test('an order that is placed outside is held likewise', () => {
  const outside = [accepted(anOrder(abroad)), claimed()];
  given(...outside)
    .when(givenUp('place-order', ...outside))
    .then({ stage: 'held', deliveries: { partner: 'held' } });
});

test('what was heard of already, or is tried again by now, is not held', () => {
  given(...placed, ...taken('alone'))
    .when(fell)
    .thenNothing();
  const rejected = told('alone', 'rejected', { code: 'x', reason: 'No.' });
  given(...placed, rejected)
    .when(fell)
    .thenNothing();
  given().when(fell).thenNothing();
});

test('a person has the same service order placed again', () => {
  const { effects } = given(...placed, fell)
    .when(settled('alone', 'retry'))
    .then({ stage: 'inProgress', deliveries: { alone: 'acknowledged' }, sends: ['add alone'] });
  const id = deliveryOf(lived(...placed), 'alone').serviceOrderId;
  expect(effects.send?.[0]?.body).toMatchObject({ order: { id } });
  given(...placed, fell, settled('alone', 'retry'))
    .when(fell)
    .then({ stage: 'held' });
});

test('a person gives it up: nobody is asked, and what comes of it after all is cancelled', () => {
  given(...placed, fell)
    .when(settled('alone', 'fail'))
    .then({ deliveries: { alone: 'cancelled' }, sends: ['record 2 aborted, release'] });
  given(...placed, fell, settled('alone', 'fail'), recorded)
    .when(told('alone', 'acknowledged'))
    .then({ stage: 'failed', sends: [cancelsAlone] });
  given(...placed, fell, settled('alone', 'fail'), recorded, ...taken('alone'))
    .when(told('alone', 'cancelled'))
    .then({ stage: 'failed', sends: [] });
});

test('what is cancelled or taken back otherwise waits for it: its letter may be on its way back', () => {
  const cancelling = [...placed, fell, cancelled()];
  given(...cancelling.slice(0, -1))
    .when(cancelled())
    .then({ stage: 'assessingCancellation', deliveries: { alone: 'held' }, sends: ['cancellation acknowledged'] });
  given(...cancelling)
    .when(told('alone', 'acknowledged'))
    .then({ sends: [cancelsAlone] });
  given(...cancelling)
    .when(settled('alone', 'retry'))
    .then({ sends: ['add alone'] });
  given(...cancelling)
    .when(settled('alone', 'fail'))
    .then({ stage: 'pendingCancellation', sends: ['record 2 cancelled, release', 'cancellation inProgress'] });
  given(...placed, cancelled())
    .when(fell)
    .then({ stage: 'assessingCancellation', deliveries: { alone: 'held' } });
});

test('what is called off for a cancellation that does not come about is ordered again', () => {
  const first = givenUp('accept-service-order', accepted(anOrder(chain())), claimed());
  const off = [...running, ...taken('alone'), first, cancelled(), settled('first', 'fail')];
  expect(deliveryStates(lived(...off))['first']).toBe('cancelled');
  given(...off)
    .when(givenUp('cancel-service-order', ...off))
    .then({ stage: 'inProgress', sends: ['add first', 'cancellation terminatedWithError'] });
});

test('outside ordering is asked to cancel what it never got, and knows it as cancelled from then on', () => {
  const outside = [accepted(anOrder(abroad)), claimed()];
  const { effects } = given(...outside, givenUp('place-order', ...outside))
    .when(cancelled())
    .then({
      stage: 'assessingCancellation',
      sends: [expect.stringMatching('cancel-order'), 'cancellation acknowledged'],
    });
  expect(effects.send?.[0]?.body).toMatchObject({ requestedBy: { orderId, attempt: 0 } });
});

test('one that takes a delivery back and was given up waits for a person, who may leave it there', () => {
  const back = [...running, ...done('first'), told('middle', 'failed', { code: 'noPort', reason: 'No port.' })];
  const undoFell = [...back, givenUp('accept-service-order', ...back)];
  const held = lived(...undoFell);
  expect([held.order.stage, deliveryStates(held)['first']]).toEqual(['held', 'held']);
  expect(deliveryStates(lived(...undoFell, told('first', 'completed')))['first']).toBe('undone');
  expect(deliveryStates(lived(...undoFell, settled('first', 'fail')))['first']).toBe('failed');
  expect(shortened(settled('first', 'retry')(held).send ?? [])).toEqual(['delete first']);
});

test('a cancellation that was given up is refused, and the order goes on', () => {
  const asked = [...running, ...taken('first', 'alone'), cancelled()];
  const { state } = given(...asked)
    .when(givenUp('cancel-service-order', ...asked))
    .then({ stage: 'inProgress', sends: ['cancellation terminatedWithError'] });
  expect(state.cancellations.at(-1)?.failure?.code).toBe('commandGivenUp');
  // Its answer came first.
  given(...asked, told('alone', 'cancelled'))
    .when(givenUp('cancel-service-order', ...asked))
    .thenNothing();
  const outside = [accepted(anOrder(abroad)), claimed(), cancelled()];
  given(...outside)
    .when(givenUp('cancel-order', ...outside))
    .then({ stage: 'inProgress', sends: ['cancellation terminatedWithError'] });
});

test('a follow-up that was given up is written down where it follows; what only warns changes nothing', () => {
  const ended = [accepted(anOrder(chain())), claimed(), late, ...done('first', 'middle', 'last'), recorded];
  const { state } = given(...ended)
    .when(givenUp('accept-product-order', ...ended))
    .then({ stage: 'completed', sends: [] });
  expect(state.audit.at(-1)?.why).toMatch(/^follow-up order .*: order-management gave up message/u);
  given(...placed)
    .when(givenUp('claim-products', ...placed))
    .thenNothing();
  expect(shortened(recorded(lived(...placed)).send ?? [])).toEqual([]);
});
