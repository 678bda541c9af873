/** What went wrong with a service order, as coarsely as there are policies for it. */
import type { ErrorClass } from '../../../contracts/messages/decomposition.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../../contracts/states/service-order.ts';

/** By failure code. What is not here and failed was refused: platforms and partners have codes of their own. */
const classes: Readonly<Record<string, ErrorClass>> = {
  deadlinePassed: 'timedOut',
  timedOut: 'timedOut',
  noAnswer: 'timedOut',
  platformNotReached: 'unreachable',
  unreachable: 'unreachable',
  endpointUnreachable: 'unreachable',
  // Not taken: said of the order itself or of its service, before anything was tried.
  alreadySuspended: 'rejected',
  dependencyFailed: 'rejected',
  invalidCharacteristic: 'rejected',
  notSuspended: 'rejected',
  retiredSpecification: 'rejected',
  serviceExists: 'rejected',
  serviceSuspended: 'rejected',
  serviceTerminated: 'rejected',
  specificationMissing: 'rejected',
  unknownService: 'rejected',
  unknownSpecification: 'rejected',
  unknownSupportingService: 'rejected',
  // Ours or nobody's: not a platform's word.
  activationFailed: 'unexpected',
  failedByOperator: 'unexpected',
  leftBehind: 'unexpected',
  noActivator: 'unexpected',
  noEffect: 'unexpected',
  outcomeUnknown: 'unexpected',
  undeclaredStep: 'unexpected',
  unexpected: 'unexpected',
};

/** The class of a service order that ended so; undefined for one that is done, or runs. */
export function errorClassOf(state: ServiceOrderState, failure: Failure | undefined): ErrorClass | undefined {
  switch (state) {
    case 'rejected':
    case 'cancelled':
    case 'partial':
      return state;
    case 'failed':
      if (failure === undefined) return 'unexpected';
      return Object.hasOwn(classes, failure.code) ? classes[failure.code] : 'refused';
    case 'acknowledged':
    case 'pending':
    case 'held':
    case 'inProgress':
    case 'completed':
    case 'assessingCancellation':
    case 'pendingCancellation':
      return undefined;
    default:
      return state satisfies never;
  }
}
