import type { ExpectedOnNetwork } from '../book.ts';
import type { ProductExpectations } from '../products/expected.ts';
import type { CancellationView, ProductOrderView, ProductView, Views } from '../tmf-views.ts';
import type { Verdict } from './verdict.ts';

/** Orders came to the products and services they had to, and TMF637 shows each in its status, and no other. */
export function productsAreRight(
  { products, astray, orders }: Pick<ProductExpectations, 'products' | 'astray' | 'orders'>,
  views: ReadonlyMap<string, ProductView>,
): Verdict {
  const findings = [...astray];
  for (const { id, status } of products.values()) {
    const view = views.get(id);
    if (view?.status !== status)
      findings.push(`product ${id} (${nameOf(view)}) is ${view?.status ?? 'gone'}, not ${status}`);
  }
  // What was made for an order that came to nothing is called off with it.
  const cameToNothing = new Set(
    orders.flatMap(({ id, plan }) => (plan.end === 'rejected' || plan.end === 'cancelled' ? [id] : [])),
  );
  for (const view of views.values()) {
    if (products.has(view.id)) continue;
    const stray = !view.productOrderItem.some(({ productOrderId = '' }) => cameToNothing.has(productOrderId));
    if (stray || view.status !== 'cancelled')
      findings.push(`product ${view.id} (${nameOf(view)}, ${view.status}) was never ordered`);
  }
  return { name: 'TMF637 shows every product as ordered', findings };
}

/** What products say of their services is so, and every service that product orders made and left is of one product. */
export function productsAreServices(
  expected: ReadonlyMap<string, ExpectedOnNetwork>,
  { products, services }: Pick<Views, 'products' | 'services'>,
): Verdict {
  const findings: string[] = [];
  const owners = new Map<string, string[]>();
  for (const product of products.values()) {
    const stands = product.status === 'active';
    for (const { id, state } of product.realizingService) {
      const service = services.get(id);
      if (service?.state === 'active') owners.set(id, [...(owners.get(id) ?? []), product.id]);
      if (service?.state !== state || (stands && state !== 'active'))
        findings.push(
          `product ${product.id} (${nameOf(product)}, ${product.status}) says that its service ${id} is ${state ?? 'unknown'}, it is ${service?.state ?? 'gone'}`,
        );
      else if (!stands && state === 'active')
        findings.push(`product ${product.id} (${nameOf(product)}) is ${product.status}, its service ${id} is active`);
    }
  }
  for (const { id, type, state } of expected.values()) {
    const of = owners.get(id) ?? [];
    if (state === 'active' && of.length !== 1)
      findings.push(`service ${id} (${type}) is of ${of.length === 0 ? 'no product' : `products ${of.join(', ')}`}`);
  }
  return { name: 'products agree with services', findings };
}

/** A request to cancel is done when its order is cancelled, and says so when it is not; no order is cancelled unasked. */
export function cancellationsAreRight(
  orders: ReadonlyMap<string, ProductOrderView>,
  cancellations: ReadonlyMap<string, CancellationView>,
): Verdict {
  const findings: string[] = [];
  const asked = new Set<string>();
  for (const { id, state, productOrder } of cancellations.values()) {
    asked.add(productOrder.id);
    const order = orders.get(productOrder.id);
    const right = order?.state === 'cancelled' ? 'done' : 'terminatedWithError';
    if (state !== right)
      findings.push(`cancellation ${id} of order ${productOrder.id} (${order?.state ?? 'gone'}) is ${state}`);
  }
  for (const { id, state } of orders.values())
    if (state === 'cancelled' && !asked.has(id)) findings.push(`order ${id} was cancelled and nobody asked for it`);
  return { name: 'cancellations did what they say', findings };
}

const nameOf = (view: ProductView | undefined): string => view?.productSpecification?.id ?? 'unspecified';
