import type { ReferredSpecification, ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import { checkCharacteristics } from './characteristics.decide.ts';
import { graphFault } from './item-graph.decide.ts';

/** The cached catalog, newest revision last. */
export type Specifications = readonly ServiceSpecification[];

/** What an accepted item runs by: resolved once, kept with the order, whatever the catalog does later. */
export interface ResolvedItem {
  readonly specification: ReferredSpecification;
  readonly characteristics: Characteristics;
}

export type Validation =
  | { readonly ok: true; readonly resolved: Readonly<Record<string, ResolvedItem>> }
  | { readonly ok: false; readonly failures: Readonly<Record<string, Failure>>; readonly failure: Failure };

/** Holds an order against its own shape and the catalog. Items of existing services are held against theirs once claimed. */
export function validateOrder(request: ServiceOrderRequest, specifications: Specifications): Validation {
  const fault = graphFault(request.items) ?? sharedService(request.items);
  if (fault !== undefined) return { ok: false, failures: {}, failure: fault };
  const resolved: Record<string, ResolvedItem> = {};
  const failures: Record<string, Failure> = {};
  for (const item of request.items) {
    const result = validateItem(item, specifications);
    if (result === undefined) continue;
    if ('code' in result) failures[item.itemId] = result;
    else resolved[item.itemId] = result;
  }
  const [first] = Object.entries(failures);
  if (first === undefined) return { ok: true, resolved };
  return { ok: false, failures, failure: { code: first[1].code, reason: `Item "${first[0]}": ${first[1].reason}` } };
}

function validateItem(item: RequestedItem, specifications: Specifications): ResolvedItem | Failure | undefined {
  if (item.action !== 'add') {
    if (item.serviceNamed) return undefined;
    return { code: 'serviceIdMissing', reason: `action ${item.action} needs service.id of the service it is about.` };
  }
  const specification = findSpecification(item, specifications);
  if ('code' in specification) return specification;
  if (item.serviceType !== undefined && item.serviceType !== specification.serviceType) {
    const { id, serviceType } = specification;
    return {
      code: 'serviceTypeMismatch',
      reason: `serviceType is "${item.serviceType}", but specification ${id} is of type "${serviceType}".`,
    };
  }
  const checked = checkCharacteristics(specification, item.characteristics);
  return checked.ok ? { specification, characteristics: checked.characteristics } : checked.failure;
}

/** The version asked for; the newest active one where none is named. */
export function findSpecification(
  wanted: Pick<RequestedItem, 'specification' | 'serviceType'>,
  specifications: Specifications,
): ServiceSpecification | Failure {
  const { specification: ref, serviceType } = wanted;
  if (ref === undefined && serviceType === undefined) {
    return {
      code: 'specificationMissing',
      reason: 'name a service.serviceSpecification.id (or a service.serviceType) to say what to add.',
    };
  }
  const candidates = specifications
    .filter((one) => (ref === undefined ? one.serviceType === serviceType : one.id === ref.id))
    .filter((one) => ref?.version === undefined || one.version === ref.version)
    .toSorted((a, b) => a.revision - b.revision);
  const found = candidates.findLast((one) => one.lifecycleStatus === 'active') ?? candidates.at(-1);
  const named =
    ref === undefined
      ? `service type "${serviceType}"`
      : `service specification "${ref.id}"${ref.version === undefined ? '' : ` version "${ref.version}"`}`;
  if (found === undefined) return { code: 'unknownSpecification', reason: `${named} is not in the service catalog.` };
  if (found.lifecycleStatus !== 'active')
    return { code: 'retiredSpecification', reason: `${named} is retired: it can no longer be ordered.` };
  return found;
}

function sharedService(items: readonly RequestedItem[]): Failure | undefined {
  const seen = new Map<string, string>();
  for (const { itemId, serviceId } of items) {
    const other = seen.get(serviceId);
    if (other !== undefined) {
      return {
        code: 'serviceTwice',
        reason: `Items "${other}" and "${itemId}" are about the same service ${serviceId}; one order changes a service once.`,
      };
    }
    seen.set(serviceId, itemId);
  }
  return undefined;
}
