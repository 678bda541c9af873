import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ActivateItem, activateItem } from '../../../contracts/messages/activation.ts';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import { serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import {
  type ClaimRequest,
  type ClaimVerdict,
  type Service,
  changeSettled,
  claimServices,
  releaseClaims,
  servicesClaimed,
} from '../../../contracts/messages/service-inventory.ts';
import {
  describeServices,
  planServiceOrder,
  serviceOrderPlanned,
  servicesDescribed,
} from '../../../contracts/messages/service-planning.ts';
import { MAX_ORDER_ITEMS, serviceOrderCreate } from '../../../contracts/tmf/tmf641.ts';
import { toQuestion } from '../../../gateway/apis/tmf641/dry-run.ts';
import { toRequest } from '../../../gateway/apis/tmf641/translate.ts';
import { MAX_BODY_BYTES } from '../../../gateway/tmf630/body.ts';
import { activatorOutlines } from '../../../workers/activators/registry.ts';
import { describe } from '../../../workers/service-inventory/describe.decide.ts';
import { type ServiceState } from '../../../workers/service-inventory/service.state.ts';
import { claimAll, release } from '../../../workers/service-inventory/claims.decide.ts';
import { record } from '../../../workers/service-inventory/record.decide.ts';
import { type Effects, type OrderState } from '../../../workers/service-ordering/order.state.ts';
import { claimsOf, planOrder } from '../../../workers/service-ordering/plan.decide.ts';
import { activatorsByType } from '../../../workers/service-ordering/plan.ts';
import { accept, onClaimed, onSettled } from '../../../workers/service-ordering/service-order.decide.ts';

/** DESIGN, "Sizes are bounded at the door": what every message that comes of an order fits under. */
const largestMessage = 256 * 1024;
const id = '019f0000-0000-7000-8000-000000000001';
const now = new Date('2026-03-01T12:00:00.000Z');
const samples = join(import.meta.dirname, '../../samples/service-specifications.json');
const catalog = serviceSpecification.array().parse(JSON.parse(readFileSync(samples, 'utf8')));

type Json = Record<string, unknown>;
const order = (items: readonly Json[], over: Json = {}): Json => ({ serviceOrderItem: items, ...over });
const dependsOn = (...ids: readonly string[]): Json => ({
  serviceOrderItemRelationship: ids.map((itemId) => ({ relationshipType: 'dependsOn', orderItem: { itemId } })),
});
const item = (itemId: string, over: Json = {}, service: Json = {}): Json => ({
  id: itemId,
  action: 'add',
  service: {
    serviceType: 'broadband',
    serviceCharacteristic: [{ name: 'downMbps', value: 1 }],
    ...service,
  },
  ...over,
});
const bytesOf = (json: unknown): number => Buffer.byteLength(JSON.stringify(json));
const many = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** As much of something as makes an order exactly as large as the door lets in. */
function filled(make: (amount: number) => Json): Json {
  let [least, most] = [0, MAX_BODY_BYTES];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (bytesOf(make(middle)) <= MAX_BODY_BYTES) least = middle;
    else most = middle - 1;
  }
  return make(least);
}

const activators = activatorsByType(await activatorOutlines());

/** Sizes of what is sent to explain an order, all of whose services stand already or none. */
function planningMessages(body: Json): Record<string, number> {
  const question = toQuestion(toRequest(serviceOrderCreate.parse(body), id, now));
  const { order: asked } = planServiceOrder.schema.parse(question.body);
  const known = { specifications: catalog, durations: new Map() };
  const claims = claimsOf(asked, known, now);
  const described =
    claims.length === 0 ? [] : (describe(() => undefined, { commandId: id, order: asked, claims }, now).send ?? []);
  const heard = described.map((one) => servicesDescribed.schema.parse(one.body))[0];
  const plan = planOrder(asked, { accepting: known, launching: known, activators }, heard, now);
  return {
    [question.definition.name]: bytesOf(question.body),
    [describeServices.name]: bytesOf({ commandId: id, order: asked, claims }),
    [servicesDescribed.name]: bytesOf(heard ?? {}),
    [serviceOrderPlanned.name]: bytesOf({ commandId: id, id, plan }),
  };
}

/** Runs an order from its body to its end with the real decisions, and gives the size of the largest message by name. */
function largestMessages(body: Json, fate: 'completed' | 'failed' = 'completed'): Record<string, number> {
  expect(bytesOf(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
  const request = toRequest(serviceOrderCreate.parse(body), id, now);
  const sizes: Record<string, number> = {};
  const services = new Map<string, ServiceState>();
  let state: OrderState | undefined;
  const queue: Outgoing[] = [];

  const ordered = (effects: Effects): void => {
    state = effects.save?.at(-1) ?? state;
    queue.push(...(effects.send ?? []));
  };
  const kept = ({ save = [], send = [] }: { save?: readonly ServiceState[]; send?: readonly Outgoing[] }): void => {
    for (const one of save) services.set(one.service.id, one);
    queue.push(...send);
  };
  const activated = (asked: ActivateItem): void => {
    const known = services.get(asked.serviceId);
    if (known === undefined) return;
    const report = {
      ...asked,
      number: asked.claimNumber,
      sequence: 1,
      stage: fate,
      characteristics: { port: '1/1/1' },
      resources: [{ id: '1/1/1', name: 'OLT port 1/1/1', type: 'accessPort' }],
      ...(fate === 'failed' ? { failure: { code: 'noPort', reason: 'No port is free.' } } : {}),
    };
    kept(record(known, report, now));
  };

  ordered(accept(undefined, request, { specifications: catalog, durations: new Map() }, now));
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    const { definition, body: sent } = message;
    sizes[definition.name] = Math.max(sizes[definition.name] ?? 0, bytesOf(sent));
    if (definition.name === claimServices.name)
      kept(claimAll((one) => services.get(one), id, (sent as { claims: ClaimRequest[] }).claims, now));
    else if (definition.name === releaseClaims.name)
      kept(release((one) => services.get(one), id, (sent as { serviceIds: string[] }).serviceIds, now));
    else if (definition.name === servicesClaimed.name)
      ordered(
        onClaimed(
          state,
          (sent as { verdicts: ClaimVerdict[] }).verdicts,
          { specifications: catalog, durations: new Map() },
          now,
        ),
      );
    else if (definition.name === activateItem.name) activated(sent as ActivateItem);
    else if (definition.name === changeSettled.name)
      ordered(onSettled(state, sent as { itemId: string; outcome: 'completed' | 'failed'; service: Service }, now));
  }
  expect(['completed', 'failed', 'partial', 'rejected']).toContain(state?.order.state);
  return sizes;
}

const everyItem = many(MAX_ORDER_ITEMS).map((at) => at.toString(36));

test.each<[string, Json, ('completed' | 'failed')?]>([
  [
    'two hundred items and a long description',
    filled((amount) =>
      order(
        everyItem.map((one) => item(one)),
        { description: 'x'.repeat(amount) },
      ),
    ),
  ],
  [
    'as many dependencies as fit',
    filled((amount) =>
      order(
        everyItem.map((one, at) =>
          item(one, dependsOn(...everyItem.slice(0, Math.max(0, Math.min(at, amount - (at * (at - 1)) / 2))))),
        ),
      ),
    ),
  ],
  [
    'one item that two hundred stand on, and that fails',
    filled((amount) =>
      order(
        everyItem.map((one, at) => item(one, at === 0 ? {} : dependsOn('0'))),
        { description: 'x'.repeat(amount) },
      ),
    ),
    'failed',
  ],
  [
    'one item with a very long id that others stand on, and that fails',
    filled((amount) =>
      order([
        item('x'.repeat(amount / 2)),
        item('b', dependsOn('x'.repeat(amount / 2))),
        ...many(198).map((at) => item(`c${at}`, dependsOn(at === 0 ? 'b' : `c${at - 1}`))),
      ]),
    ),
    'failed',
  ],
  [
    'two hundred items that are each wrong about a value in an alphabet of three bytes a letter',
    filled((amount) =>
      order(
        everyItem.map((one) =>
          item(one, {}, { serviceCharacteristic: [{ name: 'technology', value: '界'.repeat(amount) }] }),
        ),
      ),
    ),
  ],
  [
    'parties without end',
    filled((amount) =>
      order([item('a')], { relatedParty: many(amount).map((at) => ({ id: at.toString(36), '@referredType': '' })) }),
    ),
  ],
  [
    'characteristics nobody knows',
    filled((amount) =>
      order([
        item('a', {}, { serviceCharacteristic: many(amount).map((at) => ({ name: at.toString(36), value: 1 })) }),
      ]),
    ),
  ],
  [
    'two hundred items that are each wrong in several ways',
    filled((amount) =>
      order(
        everyItem.map((one, at) =>
          item(
            one,
            {},
            {
              serviceCharacteristic: many(Math.floor((amount + at) / 200)).map((n) => ({
                name: n.toString(36),
                value: 1,
              })),
            },
          ),
        ),
      ),
    ),
  ],
  [
    'a value that is wrong and long',
    filled((amount) =>
      order([item('a', {}, { serviceCharacteristic: [{ name: 'technology', value: 'x'.repeat(amount) }] })]),
    ),
  ],
])('an order with %s: every message of it fits', (_, body, fate) => {
  const sizes = { ...largestMessages(body, fate), ...planningMessages(body) };
  for (const [name, bytes] of Object.entries(sizes)) expect.soft(bytes, name).toBeLessThan(largestMessage);
});
