/** States of a service, as TMF638 v4.0 `ServiceStateType` names them. */
export const serviceStates = [
  'feasibilityChecked',
  'designed',
  'reserved',
  'inactive',
  'active',
  'terminated',
] as const;
export type ServiceState = (typeof serviceStates)[number];

/**
 * How a deployed service runs. v4 has no such attribute, so it travels beside `state` (as v5's `operatingStatus` does)
 * and is never squeezed into it.
 */
export const operatingStatuses = ['pending', 'active', 'suspended', 'degraded', 'terminated'] as const;
export type OperatingStatus = (typeof operatingStatuses)[number];
