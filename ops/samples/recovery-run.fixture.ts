/**
 * Product orders of which one service order goes wrong, on the whole fleet: each trial is ordered together with a service
 * that has nothing to do with it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import type { RecoveryStep } from '../../contracts/messages/decomposition.ts';
import { send } from '../../contracts/messages/message.ts';
import {
  type ServiceSpecification,
  serviceSpecification,
  serviceSpecificationPublished,
} from '../../contracts/messages/service-catalog.ts';
import { publishRules } from '../cli/rules/publish.ts';
import { publicationOf } from '../platform/messaging/envelope.ts';
import { newId } from '../platform/ids.ts';
import { insertDue } from '../platform/messaging/message.store.ts';
import type { System } from '../verify/testbed/system.ts';
import { type Outcome, hasEnded, productOrders, readOutcome } from './recovery-outcome.fixture.ts';
import { cancelServiceOrder, post } from './recovery-outside.fixture.ts';
import { type Trial, isOutside, lateSpecification, mobile, nameOf, ruleFor, ruleOf } from './recovery-trial.fixture.ts';
import specifications from './service-specifications.json' with { type: 'json' };

const patiently = { timeout: 90_000, interval: 100 };

export interface Trials {
  /** How the trial's order stands once it ended or is held; or after that, once it stands as awaited. */
  outcome(trial: Trial, awaited: Outcome): Promise<Outcome>;
  close(): Promise<void>;
}

/** Places every trial's order, each under its policy, and then lets the network be ordered from. */
export async function begin(
  system: System,
  trials: readonly Trial[],
  policies: ReadonlyMap<string, readonly RecoveryStep[]>,
): Promise<Trials> {
  const ids = new Map<Trial, string>();
  // What is to go wrong on the network is said of the services that plans name: nothing is activated before.
  await system.stop('activator');
  await system.network.pace({ afterMs: null });
  await publishRules(system.sql, [...trials.map(ruleFor), ruleOf('alone', [{ ...mobile, name: 'alone' }])], []);
  let revision = 1;
  for (const [policy, steps] of policies) {
    revision += 1;
    const types = ['*', 'tv', 'mobile', 'ethernet-access'];
    await publishRules(
      system.sql,
      [],
      types.map((serviceType) => ({ serviceType, revision, cases: { any: [...steps] } })),
    );
    await vi.waitUntil(async () => {
      const [row] = await system.sql<{ count: number }[]>`
        select count(*)::int as count from order_management.recovery_policy where revision = ${revision}`;
      return row?.count === types.length;
    }, patiently);
    const own = trials.filter((trial) => trial.policy === policy);
    await Promise.all(own.map(async (trial) => void ids.set(trial, await place(system, trial))));
    await vi.waitUntil(
      async () =>
        (
          await planned(
            system,
            own.map((trial) => ids.get(trial) ?? ''),
          )
        ).size === own.length,
      patiently,
    );
  }
  await prepareNetwork(system, ids);
  await system.start('activator');
  let isOver = false;
  const watching = watch(system, ids, () => isOver);
  return {
    async outcome(trial, awaited) {
      const id = ids.get(trial) ?? '';
      const wanted = JSON.stringify(awaited);
      const deadline = Date.now() + patiently.timeout;
      for (;;) {
        const seen = await readOutcome(system, id);
        if (JSON.stringify(seen) === wanted || hasEnded(seen) || Date.now() > deadline) return seen;
        await sleep(100);
      }
    },
    async close() {
      isOver = true;
      await watching;
    },
  };
}

async function place({ request }: System, trial: Trial): Promise<string> {
  const item = (id: string, specification: string) => ({
    ...{ id, action: 'add' },
    product: { productSpecification: { id: specification, version: '1.0' } },
  });
  // What is alone comes first, so that it is certain what there is to take back of it.
  const relation = [{ relationshipType: 'dependsOn', id: '2' }];
  const answer = await post(request, productOrders, {
    productOrderItem: [{ ...item('1', nameOf(trial)), productOrderItemRelationship: relation }, item('2', 'alone')],
  });
  if (answer.status !== 201) throw new Error(`${nameOf(trial)}: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/** By order, the planned service of each component. */
async function planned({ sql }: System, ids: readonly string[]): Promise<Map<string, Record<string, string>>> {
  const rows = await sql<{ id: string; services: Record<string, string> }[]>`
    select id, (select jsonb_object_agg(d ->> 'component', d ->> 'serviceId')
                from jsonb_array_elements(doc -> 'plan' -> 'deliveries') as d) as services
    from order_management.product_order where id = any(${[...ids]}::text[]) and jsonb_array_length(doc -> 'plan' -> 'deliveries') > 0`;
  return new Map(rows.map(({ id, services }) => [id, services]));
}

async function prepareNetwork(system: System, ids: ReadonlyMap<Trial, string>): Promise<void> {
  const plans = await planned(system, [...ids.values()]);
  const faults = [...ids].flatMap(([trial, id]) => {
    const operation = { refused: 'grant', partial: 'record' }[trial.errorClass as string];
    const serviceRef = plans.get(id)?.[trial.fails];
    if (!trial.once || operation === undefined || serviceRef === undefined) return [];
    return [{ manager: 'iptv', operation, kind: 'refuse' as const, count: 1, match: { serviceRef } }];
  });
  if (faults.length > 0) await system.network.add(faults);
}

/** Does what others do meanwhile: cancels service orders, and publishes the specifications that were missing. */
async function watch(system: System, ids: ReadonlyMap<Trial, string>, isOver: () => boolean): Promise<void> {
  const done = new Set<string>();
  const trials = [...ids].filter(([trial]) => !isOutside(trial));
  const cancelled = new Map(trials.flatMap(([trial, id]) => (trial.errorClass === 'cancelled' ? [[id, trial]] : [])));
  const late = new Map(
    trials.flatMap(([trial, id]) => (trial.errorClass === 'rejected' && trial.once ? [[id, trial]] : [])),
  );
  while (!isOver()) {
    const rows = await system.sql<{ id: string; state: string; orderId: string; component: string; action: string }[]>`
      select id, state, doc #>> '{order,request,requestedBy,orderId}' as "orderId",
        doc #>> '{order,request,items,0,itemId}' as component, doc #>> '{order,request,items,0,action}' as action
      from service_ordering.service_order
      where doc #>> '{order,request,requestedBy,orderId}' = any(${[...cancelled.keys(), ...late.keys()]}::text[])`;
    await Promise.all(
      rows.map(async ({ id, state, orderId, component, action }) => {
        if (done.has(id) || action !== 'add') return;
        if (cancelled.get(orderId)?.fails === component && ['inProgress', 'pending'].includes(state)) {
          if ((await cancelServiceOrder(system.request, id)).ok) done.add(id);
        }
        const missing = late.get(orderId);
        if (missing?.fails === component && state === 'rejected') {
          done.add(id);
          await publishSpecification(system, lateSpecification(missing));
        }
      }),
    );
    await sleep(200);
  }
}

async function publishSpecification({ sql }: System, id: string): Promise<void> {
  const known = specifications.find((one) => one.id === 'tv-subscription');
  const specification: ServiceSpecification = serviceSpecification.parse({ ...known, id });
  const message = send(serviceSpecificationPublished, { specification });
  await insertDue(sql, [publicationOf(message, { correlationId: newId() })]);
}
