/** What an order would come to, without taking it on. */
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { ProductOrderPlan, ProductOrderRequest } from '../../../contracts/messages/order-management.ts';
import type { Fault, Tools } from '../order.state.ts';
import { planOf } from './receive.decide.ts';

/**
 * Plans what an order adds. What it changes of existing products depends on how these stand when they are claimed: such
 * items are named as not planned.
 */
export function dryRun(
  order: ProductOrderRequest,
  rules: readonly DecompositionRule[],
  tools: Tools,
): { plan?: ProductOrderPlan; faults: Fault[] } {
  const result = planOf(order, rules, undefined, [], { tools });
  if ('faults' in result) return { faults: [...result.faults] };
  const faults = order.items.flatMap(({ itemId, action, partOf }): Fault[] => {
    if (partOf !== undefined || action === 'add' || action === 'noChange') return [];
    const reason = `What it takes to ${action} a product depends on how the product stands when it is claimed: only additions are planned ahead.`;
    return [{ itemId, failure: { code: 'notPlannedAhead', reason } }];
  });
  return { plan: result.plan, faults };
}
