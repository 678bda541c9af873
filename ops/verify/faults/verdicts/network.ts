import type { ExpectedOnNetwork } from '../book.ts';
import type { Holdings, LedgerSummary } from '../network-control.ts';
import type { ServiceView } from '../tmf-views.ts';
import type { Verdict } from './verdict.ts';

/** Each operation that had to happen took effect once; no other did. */
export function effectsHappenedOnce(expected: ReadonlyMap<string, ExpectedOnNetwork>, ledger: LedgerSummary): Verdict {
  const findings = ledger.references
    .filter(({ effects }) => effects > 1)
    .map(
      ({ manager, operation, serviceRef, reference, effects }) =>
        `${manager}.${operation} of ${serviceRef} took effect ${effects} times (${reference})`,
    );
  const happened = Map.groupBy(
    ledger.references.filter(({ effects }) => effects > 0),
    ({ serviceRef }) => serviceRef ?? '',
  );
  for (const id of new Set([...expected.keys(), ...happened.keys()])) {
    const wanted = inWords(expected.get(id)?.effects ?? []);
    const found = inWords((happened.get(id) ?? []).map(({ manager, operation }) => `${manager}.${operation}`));
    if (wanted !== found) findings.push(`service ${id} saw ${found} on the network, not ${wanted}`);
  }
  return { name: 'each platform operation took effect exactly once', findings };
}

/** Nobody called without a reason: calls are at most effects, unknown outcomes and refusals together. */
export function callsHadReason({ totals, references }: LedgerSummary): Verdict {
  const findings = references
    .filter(({ excess }) => excess > 0)
    .map(
      ({ manager, operation, serviceRef, calls, effects, unknowns, refusals, reference }) =>
        `${manager}.${operation} of ${serviceRef} was called ${calls} times for ${effects} effects, ${unknowns} unknown outcomes, ${refusals} refusals (${reference})`,
    );
  if (totals.excess !== 0) findings.push(`${totals.excess} calls were made without a reason`);
  return { name: 'calls are at most effects, unknown outcomes and refusals', findings };
}

/** What the network holds is what the inventory says: nothing else, nothing less, nothing left behind. */
export function holdingsAreInventory(services: ReadonlyMap<string, ServiceView>, holdings: Holdings): Verdict {
  const findings: string[] = [];
  for (const [manager, { type, says }] of Object.entries(managers)) {
    const held = new Map(Object.entries(holdings[manager] ?? {}));
    for (const service of services.values()) {
      if (service.state !== 'active' || service.serviceType !== type) continue;
      const wanted = says(characteristicsOf(service));
      const found = held.get(service.id);
      held.delete(service.id);
      if (!contains(found, wanted))
        findings.push(
          `${manager} holds ${JSON.stringify(found)} for ${service.id}, the inventory says ${JSON.stringify(wanted)}`,
        );
    }
    for (const [id, left] of held)
      findings.push(
        `${manager} still holds ${JSON.stringify(left)} for ${id}, which is ${services.get(id)?.state ?? 'unknown'}`,
      );
  }
  return { name: 'the network holds what the inventory says', findings };
}

type Characteristics = Readonly<Record<string, unknown>>;
type Says = (has: Characteristics) => unknown;

const managers: Record<string, { type: string; says: Says }> = {
  olt: {
    type: 'broadband',
    says: ({ port, downMbps, upMbps, vlan, technology }) => ({ port, downMbps, upMbps, vlan, technology }),
  },
  ipam: {
    type: 'ip-addressing',
    says: ({ allocationId, prefix, prefixLength, gateway, reverseDns }) => ({
      allocations: [{ allocationId, prefix, prefixLength, gateway, reverseDns }],
    }),
  },
  cpe: {
    type: 'managed-router',
    says: ({ deviceId, serial, model, features, prefix, gateway }) => ({
      deviceId,
      serial,
      model,
      features,
      ...(prefix == null ? {} : { wanPrefix: prefix, wanGateway: gateway }),
    }),
  },
  ims: {
    type: 'voice',
    says: ({ number, codec, features, callForwarding, accessPort }) => ({
      number,
      codec,
      features,
      accessPort,
      callForwarding: callForwarding ?? undefined,
    }),
  },
  iptv: {
    type: 'tv',
    // Recordings are left out: a service that is kept without them still says how many were ordered.
    says: ({ accountId, accessPort, packages, streams, quality }) => ({
      accountId,
      accessPort,
      packages,
      streams,
      quality,
    }),
  },
  hlr: {
    type: 'mobile',
    says: ({ iccid, imsi, msisdn, dataMb, roaming }) => ({ iccid, imsi, msisdn, dataMb, roaming }),
  },
  partner: {
    type: 'ethernet-access',
    says: ({ handover, site, bandwidthMbps }) => ({ handover, site, bandwidthMbps, pending: undefined }),
  },
  metro: {
    type: 'ethernet-access',
    says: ({ evcId, handover, bandwidthMbps, vlan, probeId }) => ({ evcId, handover, bandwidthMbps, vlan, probeId }),
  },
};

const characteristicsOf = ({ serviceCharacteristic }: ServiceView): Characteristics =>
  Object.fromEntries(serviceCharacteristic.map(({ name, value }) => [name, value]));

/** Every wanted attribute is there and equal; lists have the same length. */
function contains(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((one, at) => contains(found[at], one))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([name, value]) => contains((found as Characteristics)[name], value));
}

const inWords = (operations: readonly string[]): string =>
  operations.length === 0 ? 'nothing' : operations.toSorted().join(' ');
