import { letterInWords } from './dead-letters.ts';
import type { Drill } from './drill.ts';
import type { AcceptedOrder, ExpectedOnNetwork, ExpectedService } from './book.ts';
import type { LedgerSummary } from './network-control.ts';
import type { PlannedItem } from './planned-order.ts';
import { findLeftOpen, findRepeatedOrders, findViewsBehind } from './progress.store.ts';
import { expectProducts, standingProducts } from './products/expected.ts';
import type { ExistingProduct } from './products/kinds.ts';
import { readViews } from './tmf-views.ts';
import { endedInOrder, everyRevisionOnce, nothingIsLeft, viewsEqualDomain } from './verdicts/fleet.ts';
import { callsHadReason, effectsHappenedOnce, holdingsAreInventory } from './verdicts/network.ts';
import { cancellationsAreRight, productsAreRight, productsAreServices } from './verdicts/products.ts';
import { ordersEndedRight, servicesAreRight } from './verdicts/right-ends.ts';
import type { Verdict } from './verdicts/verdict.ts';
import { findUnprojected } from './witness.store.ts';

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly services: ReadonlyMap<string, ExpectedService>;
  readonly products: readonly ExistingProduct[];
  readonly ledger: LedgerSummary;
  /** That nobody caused on purpose. */
  readonly deadLetters: number;
  /** Accepted orders that are gone or not at their right end. */
  readonly losses: number;
  /** Platform operations that took effect more than once, and orders that were accepted more than once. */
  readonly duplicates: number;
}

/** Looks at everything, from the first order on: what clients see, what the fleet keeps, what the network really did. */
export async function judge({ stage, book, strayLetters }: Drill): Promise<Judgement> {
  const { sql, network, fleet, ended } = stage;
  const gateway = fleet.of('gateway')[0]?.url ?? '';
  const views = await readViews(gateway);
  const serviceIdOf = (order: AcceptedOrder, item: PlannedItem): string =>
    item.serviceId ??
    views.orders.get(order.id)?.items.find(({ id }) => id === item.id)?.service.id ??
    `of item ${item.id} of order ${order.plan.key}`;
  const ordered = book.services(serviceIdOf);
  const ledger = await network.summary();
  const commercial = expectProducts(book.acceptedProducts, views, ledger);
  const expected = new Map<string, ExpectedOnNetwork>([...ordered, ...commercial.services]);
  const direct = new Map([...views.orders].filter(([id]) => !commercial.serviceOrders.has(id)));
  const deadLetters = await strayLetters();
  const repeated = await findRepeatedOrders(sql);
  return {
    losses:
      book.accepted.filter(({ id, plan }) => views.orders.get(id)?.state !== plan.end).length +
      commercial.orders.filter(({ id, plan }) => views.productOrders.get(id)?.state !== plan.end).length,
    duplicates: ledger.totals.repeated + repeated.length,
    services: ordered,
    products: standingProducts(commercial),
    ledger,
    verdicts: [
      ordersEndedRight(book.accepted, direct, repeated),
      ordersEndedRight(commercial.orders, views.productOrders, [], 'product order'),
      cancellationsAreRight(views.productOrders, views.cancellations),
      productsAreRight(commercial, views.products),
      productsAreServices(commercial.services, views),
      servicesAreRight(expected, views.services),
      viewsEqualDomain(await findViewsBehind(sql)),
      everyRevisionOnce(await findUnprojected(sql)),
      effectsHappenedOnce(expected, ledger),
      callsHadReason(ledger),
      holdingsAreInventory(views.services, await network.holdings()),
      nothingIsLeft(await findLeftOpen(sql), deadLetters.map(letterInWords)),
      endedInOrder(ended),
    ],
    deadLetters: deadLetters.length,
  };
}
