import { send } from '../../contracts/messages/message.ts';
import { type ClaimVerdict, type Service, servicesClaimed } from '../../contracts/messages/service-inventory.ts';
import { type DescribeServices, servicesDescribed } from '../../contracts/messages/service-planning.ts';
import { claimAll } from './claims.decide.ts';
import type { Effects, Get } from './service.state.ts';

/**
 * Says what claims would be answered with, by deciding them and saving nothing. What a plan has no use for stays behind:
 * the answer carries the whole question, and has to fit into a message.
 */
export function describe(get: Get, { commandId, order, claims }: DescribeServices, now: Date): Effects {
  const requests = claims.map((claim) => ({ ...claim, characteristics: {}, parties: [], places: [] }));
  const verdicts = (claimAll(get, order.id, requests, now).send ?? [])
    .filter(({ definition }) => definition.name === servicesClaimed.name)
    .flatMap(({ body }) => servicesClaimed.schema.parse(body).verdicts);
  const busy = verdicts.flatMap((verdict) => {
    const state = verdict.verdict === 'waiting' ? get(verdict.serviceId) : undefined;
    if (verdict.verdict !== 'waiting' || state === undefined) return [];
    const waiting = state.waiting.map(({ orderId, request: { itemId } }) => ({ orderId, itemId }));
    return [{ itemId: verdict.itemId, service: lean(state.service), ahead: [verdict.behind, ...waiting] }];
  });
  return { send: [send(servicesDescribed, { commandId, order, verdicts: verdicts.map(leanVerdict), busy })] };
}

const lean = (service: Service): Service => ({ ...service, resources: [], orderItems: [], parties: [], places: [] });

const leanVerdict = (verdict: ClaimVerdict): ClaimVerdict =>
  verdict.verdict === 'claimed'
    ? {
        ...verdict,
        service: lean(verdict.service),
        supporting: verdict.supporting.map((one) => ({ ...one, characteristics: {}, resources: [] })),
      }
    : verdict;
