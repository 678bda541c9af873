import { expect, test } from 'vitest';
import { productOrderStages, productOrderStates } from '../../contracts/states/product-order.ts';
import { type StageTrigger, moveStage, orderEnded, stageTransitions, stateOf } from './product-order.machine.ts';

const triggers = [...new Set(Object.values(stageTransitions).flatMap((row) => Object.keys(row)))] as StageTrigger[];

test('every stage can be reached, and those that end are never left', () => {
  const reached = new Set(['received']);
  for (const stage of reached)
    for (const trigger of triggers) {
      const to = moveStage(stage as (typeof productOrderStages)[number], trigger);
      if (to !== undefined) reached.add(to);
    }
  expect([...reached].toSorted()).toEqual([...productOrderStages].toSorted());
  for (const stage of productOrderStages) {
    const leaves = triggers.some((trigger) => moveStage(stage, trigger) !== undefined);
    expect(leaves).toBe(!orderEnded(stage));
  }
});

test('every stage shows as a TMF622 state, and every state is shown', () => {
  const shown = new Set([true, false].flatMap((waits) => productOrderStages.map((stage) => stateOf(stage, waits))));
  expect([...shown].toSorted()).toEqual([...productOrderStates].toSorted());
});
