import { send } from '../../contracts/messages/message.ts';
import { type ChangeOutcome, type Service, changeSettled } from '../../contracts/messages/service-inventory.ts';
import type { OperatingStatus } from '../../contracts/states/service.ts';
import { grantNext } from './claims.decide.ts';
import {
  type ActivationReport,
  type Change,
  type Effects,
  type ServiceState,
  changed,
  merged,
  revised,
  terminated,
} from './service.state.ts';

/** Records what landed on the network, or how the change ended. Reports of older claims and older sequences change nothing. */
export function record(state: ServiceState, report: ActivationReport, now: Date): Effects {
  const { claim } = state.service;
  if (state.change === null || claim?.number !== report.number) return {};
  if (report.stage === 'landed' && report.sequence <= state.change.sequence) return {};
  if (report.stage === 'landed') {
    const service: Service = {
      ...state.service,
      state: state.change.action === 'add' ? 'reserved' : state.service.state,
      activated: true,
      characteristics: { ...state.service.characteristics, ...report.characteristics },
      resources: merged(state.service.resources, report.resources),
    };
    const landed = { ...state, change: { ...state.change, sequence: report.sequence }, service: revised(service, now) };
    return { save: [landed], send: [changed(landed)] };
  }
  return settle(state, state.change, report, report.stage, now);
}

function settle(
  state: ServiceState,
  change: Change,
  report: ActivationReport,
  outcome: ChangeOutcome,
  now: Date,
): Effects {
  const { orderId, itemId, number, failure } = report;
  const after = settledService(state.service, change, report, outcome, now);
  const settled: ServiceState = {
    ...state,
    change: null,
    lastSettled: { number, orderId, itemId, outcome, failure },
    service: revised({ ...after, claim: null }, now),
  };
  const following = grantNext(settled, now);
  return {
    save: [following.state],
    send: [
      changed(settled),
      ...(following.state.service === settled.service ? [] : [changed(following.state)]),
      send(changeSettled, { orderId, itemId, outcome, failure, service: settled.service }),
      ...following.sends,
    ],
  };
}

function settledService(
  service: Service,
  change: Change,
  report: ActivationReport,
  outcome: ChangeOutcome,
  now: Date,
): Service {
  switch (outcome) {
    case 'completed':
    case 'partial':
      return completed(service, change, report, now);
    case 'failed':
      // What could not be taken back is what it was: a person gave it up.
      return change.again === true ? service : failed(service, change, report, now);
    case 'cancelled':
      return change.again === true ? takenBack(service, change, report, now) : failed(service, change, report, now);
    default:
      return outcome satisfies never;
  }
}

function completed(
  service: Service,
  { action }: Change,
  { requested, characteristics, resources, missing = [], operation }: ActivationReport,
  now: Date,
): Service {
  if (action === 'delete') return terminated(service, now);
  const { missing: _before, ...rest } = service;
  return {
    ...rest,
    ...(missing.length === 0 ? {} : { missing: [...missing] }),
    state: 'active',
    operatingStatus: statusAfter(service, missing, operation),
    activated: true,
    startDate: service.startDate ?? now.toISOString(),
    characteristics: { ...service.characteristics, ...requested, ...characteristics },
    resources: merged(service.resources, resources),
  };
}

/** Suspended until it is taken up again; degraded as long as something optional is missing. */
function statusAfter(
  { operatingStatus }: Service,
  missing: readonly string[],
  operation: ActivationReport['operation'],
): OperatingStatus {
  if (operation === 'suspend') return 'suspended';
  if (operatingStatus === 'suspended' && operation === undefined) return 'suspended';
  return missing.length > 0 ? 'degraded' : 'active';
}

/** A change that was over has been taken back: an add leaves nothing, a modify what was before it, as its activator says. */
function takenBack(
  service: Service,
  { action }: Change,
  { requested, characteristics, resources, operation }: ActivationReport,
  now: Date,
): Service {
  if (action === 'add') return terminated(service, now);
  const before = service.operatingStatus;
  return {
    ...service,
    characteristics: { ...requested, ...characteristics },
    resources: merged(service.resources, resources),
    operatingStatus: operation === 'suspend' ? 'active' : operation === 'resume' ? 'suspended' : before,
  };
}

/**
 * The activator has taken back what it had done: an add leaves nothing, a modify what was before, with what landed while
 * it was put back: a platform may give another prefix of the same length.
 */
function failed(
  service: Service,
  { action, before }: Change,
  { characteristics, resources }: ActivationReport,
  now: Date,
): Service {
  if (action === 'add') return terminated(service, now);
  return {
    ...service,
    characteristics: { ...before.characteristics, ...characteristics },
    resources: merged(before.resources, resources),
    state: before.state,
  };
}
