import { takeDeadLetters } from './dead-letters.ts';
import type { Drill } from './drill.ts';
import type { AcceptedOrder, ExpectedService } from './book.ts';
import type { LedgerSummary } from './network-control.ts';
import type { PlannedItem } from './planned-order.ts';
import { findLeftOpen, findRepeatedOrders, findViewsBehind } from './progress.store.ts';
import { readViews } from './tmf-views.ts';
import { nothingIsLeft, viewsEqualDomain } from './verdicts/fleet.ts';
import { callsHadReason, effectsHappenedOnce, holdingsAreInventory } from './verdicts/network.ts';
import { ordersEndedRight, servicesAreRight } from './verdicts/right-ends.ts';
import type { Verdict } from './verdicts/verdict.ts';

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly services: ReadonlyMap<string, ExpectedService>;
  readonly ledger: LedgerSummary;
}

/** Looks at everything, from the first order on: what clients see, what the fleet keeps, what the network really did. */
export async function judge({ stage, book }: Drill): Promise<Judgement> {
  const { sql, network, services, topology, fleet } = stage;
  const gateway = fleet.of('gateway')[0]?.url ?? '';
  const views = await readViews(gateway);
  const serviceIdOf = (order: AcceptedOrder, item: PlannedItem): string =>
    item.serviceId ??
    views.orders.get(order.id)?.serviceOrderItem.find(({ id }) => id === item.id)?.service.id ??
    `of item ${item.id} of order ${order.plan.key}`;
  const expected = book.services(serviceIdOf);
  const ledger = await network.summary();
  return {
    services: expected,
    ledger,
    verdicts: [
      ordersEndedRight(book.accepted, views.orders, await findRepeatedOrders(sql)),
      servicesAreRight(expected, views.services),
      viewsEqualDomain(await findViewsBehind(sql)),
      effectsHappenedOnce(expected, ledger),
      callsHadReason(ledger),
      holdingsAreInventory(views.services, await network.holdings()),
      nothingIsLeft(await findLeftOpen(sql), await takeDeadLetters(services.rabbitmq.url, topology)),
    ],
  };
}
