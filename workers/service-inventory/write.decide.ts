import { send } from '../../contracts/messages/message.ts';
import {
  type Service,
  type ServiceWrite,
  serviceCommandRefused,
  serviceWrite,
} from '../../contracts/messages/service-inventory.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import type { OperatingStatus } from '../../contracts/states/service.ts';
import { type Effects, type ServiceState, changed, revised } from './service.state.ts';

interface Command {
  /** The message's id: what the refusal answers. */
  readonly commandId: string;
  readonly id: string;
  readonly expectedRevision?: number | undefined;
}

/** Enters a service from outside. The id is the business key: the same command again shows what it made. */
export function create(state: ServiceState | undefined, command: Command, write: ServiceWrite, now: Date): Effects {
  if (state !== undefined) return { send: [changed(state)] };
  const at = now.toISOString();
  const service: Service = {
    ...write,
    id: command.id,
    revision: 1,
    operatingStatus: statusFor(write, 'pending'),
    orderItems: [],
    serviceDate: at,
    updatedAt: at,
    activated: false,
    claim: null,
  };
  const created: ServiceState = { service, waiting: [], claims: 0, change: null, lastSettled: null, deleted: false };
  return { save: [created], send: [changed(created)] };
}

/** Replaces what may be written from outside, at the revision it was computed from. */
export function replace(state: ServiceState | undefined, command: Command, write: ServiceWrite, now: Date): Effects {
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const { service } = state;
  const owned = service.activated ? ofTheNetwork(service, write) : [];
  if (owned.length > 0) {
    const reason = `The service is ${service.state} on the network: only orders, which go through TMF641, change its ${owned.join(', ')}.`;
    return refuse(command, { kind: 'conflict', code: 'serviceDeployed', reason });
  }
  const written: Service = {
    ...ownedBy(service),
    ...write,
    operatingStatus: statusFor(write, service.operatingStatus),
  };
  const next: ServiceState = { ...state, service: revised(written, now) };
  return { save: [next], send: [changed(next)] };
}

/** What of a service nobody writes from outside; what a newer release keeps in it, too. */
const ownedBy = (service: Service): Omit<Service, keyof ServiceWrite> =>
  Object.fromEntries(
    Object.entries(service).filter(([name]) => !Object.hasOwn(serviceWrite.shape, name)),
  ) as unknown as Omit<Service, keyof ServiceWrite>;

/**
 * What of a write says something else than what the network holds. An order works out its steps from what the inventory
 * says of the service: a record that was changed by hand would leave steps out, or have the wrong activator take them.
 */
function ofTheNetwork(service: Service, write: ServiceWrite): string[] {
  if (service.state === 'terminated') return write.state === service.state ? [] : ['state'];
  const held = (one: Service | ServiceWrite) => ({
    state: one.state,
    'service type': one.serviceType,
    specification: [one.specification?.id, one.specification?.version],
    characteristics: one.characteristics,
    'supporting services': one.supportingServices,
    resources: one.resources.map(({ id }) => id),
  });
  const [before, after] = [Object.entries(held(service)), Object.values(held(write))];
  return before.flatMap(([name, value], at) => (spelled(value) === spelled(after[at]) ? [] : [name]));
}

/** One spelling for the same content: databases and clients order the names in an object as they like. */
const spelled = (value: unknown): string =>
  JSON.stringify([value], (_name, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/** Deletes a service that holds nothing on the network. */
export function remove(state: ServiceState | undefined, command: Command, now: Date): Effects {
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const { service } = state;
  if (service.activated && service.state !== 'terminated') {
    const reason = `The service is ${service.state} on the network: order its delete through TMF641, then delete the record.`;
    return refuse(command, { kind: 'conflict', code: 'serviceDeployed', reason });
  }
  const next: ServiceState = {
    ...state,
    deleted: true,
    service: { ...service, revision: service.revision + 1, updatedAt: now.toISOString() },
  };
  return { save: [next], send: [changed(next)] };
}

/** The operating status that goes with a written state; a change of the state alone moves it. */
function statusFor({ state }: ServiceWrite, current: OperatingStatus): OperatingStatus {
  if (state === 'terminated') return 'terminated';
  if (state === 'active') return current === 'pending' || current === 'terminated' ? 'active' : current;
  return 'pending';
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;

const missing: Reason = { kind: 'notFound', code: 'notFound', reason: 'There is no such service.' };

function unfit(state: ServiceState | undefined, { expectedRevision }: Command): Reason | undefined {
  if (state === undefined || state.deleted) return missing;
  const { claim, revision } = state.service;
  if (claim !== null) {
    return {
      kind: 'conflict',
      code: 'serviceBusy',
      reason: `Item "${claim.itemId}" of service order ${claim.orderId} is changing this service.`,
    };
  }
  if (expectedRevision === undefined || expectedRevision === revision) return undefined;
  return {
    kind: 'stale',
    code: 'revisionMoved',
    reason: `The service is at revision ${revision}, not ${expectedRevision}.`,
  };
}

const refuse = ({ commandId, id }: Command, reason: Reason): Effects => ({
  send: [send(serviceCommandRefused, { commandId, id, ...reason })],
});
