import type { PlannedItem, PlannedOrder, ServiceType } from './planned-order.ts';

/** Names that the simulated network is told to refuse, so that a compensation must follow. */
export const refusedServices = 'refused-*';
/** Services whose second step will be refused from the end of the calm on. */
export const stubbornServices = 'stubborn-*';
/** A port that one service holds from the beginning; whoever asks for it is refused. */
export const takenPort = '200/1/1';

/** A service that an earlier order made, with what it is known to have. */
export interface ExistingService {
  readonly id: string;
  readonly type: ServiceType;
  readonly characteristics: Readonly<Record<string, unknown>>;
}

const made: Record<ServiceType, readonly string[]> = {
  broadband: ['olt.reserve', 'olt.configure'],
  'ip-addressing': ['ipam.allocate', 'ipam.update'],
  'managed-router': ['cpe.register', 'cpe.configure'],
};
const unmade: Record<ServiceType, readonly string[]> = {
  broadband: ['olt.clear', 'olt.release'],
  'ip-addressing': ['ipam.update', 'ipam.release'],
  'managed-router': ['cpe.deconfigure', 'cpe.deregister'],
};
/** The first step lands, the second is refused, the first is taken back. */
const takenBack: Record<ServiceType, readonly string[]> = {
  broadband: ['olt.reserve', 'olt.release'],
  'ip-addressing': ['ipam.allocate', 'ipam.release'],
  'managed-router': ['cpe.register', 'cpe.deregister'],
};

/** What a customer of that number asks of a service type; no two the same. */
function wanted(type: ServiceType, n: number): Record<string, unknown> {
  switch (type) {
    case 'broadband':
      return { downMbps: 100 + (n % 9_000), upMbps: 50 + (n % 4_000), vlan: 1 + (n % 4_094) };
    case 'ip-addressing':
      return n % 4 === 3
        ? { family: 'ipv6', prefixLength: 56, reverseDns: `c${n}.example.net` }
        : { prefixLength: 28 + (n % 3), reverseDns: `c${n}.example.net` };
    case 'managed-router':
      return { model: `R${[100, 200, 400][n % 3]}`, features: n % 2 === 0 ? ['firewall'] : ['firewall', 'wifi'] };
    default:
      return type satisfies never;
  }
}

const added = (type: ServiceType, n: number, id: string, more: Partial<PlannedItem> = {}): PlannedItem => ({
  id,
  action: 'add',
  type,
  characteristics: wanted(type, n),
  state: 'completed',
  effects: made[type],
  leaves: 'active',
  ...more,
});

const unbegun = { state: 'cancelled', effects: [], leaves: 'terminated' } as const;
const undone = { state: 'failed', leaves: 'terminated' } as const;
const rejected = { state: 'rejected', effects: [], leaves: 'nothing' } as const;

/** Access line, prefix on it, router on both. */
const businessItems = (n: number): [PlannedItem, PlannedItem, PlannedItem] => [
  added('broadband', n, 'access'),
  added('ip-addressing', n, 'addresses', { dependsOn: ['access'] }),
  added('managed-router', n, 'router', { dependsOn: ['access', 'addresses'] }),
];

export const business = (key: string, n: number): PlannedOrder => ({
  key,
  kind: 'business internet',
  end: 'completed',
  items: businessItems(n),
});

export const single = (key: string, n: number, type: ServiceType): PlannedOrder => ({
  key,
  kind: `${type} alone`,
  end: 'completed',
  items: [added(type, n, 'it')],
});

/** A prefix whose later renaming the network will refuse. */
export const stubborn = (key: string, n: number): PlannedOrder => ({
  key,
  kind: 'a prefix that cannot be renamed later',
  end: 'completed',
  items: [added('ip-addressing', n, 'it', { serviceId: `stubborn-${key}` })],
});

/** Holds the port that others will ask for. */
export const squatter = (key: string): PlannedOrder => ({
  key,
  kind: 'the port that others ask for',
  end: 'completed',
  items: [added('broadband', 0, 'it', { characteristics: { ...wanted('broadband', 0), port: takenPort } })],
});

/** The platform refuses the first step: nothing is done, and whatever stands on it is never begun. */
export function portTaken(key: string, n: number, alone: boolean): PlannedOrder {
  const [access, addresses, router] = businessItems(n);
  const refused = {
    ...access,
    ...undone,
    effects: [],
    characteristics: { ...access.characteristics, port: takenPort },
  };
  const others = [addresses, router].map((item) => ({ ...item, ...unbegun }));
  return { key, kind: 'port taken', end: 'failed', items: alone ? [refused] : [refused, ...others] };
}

/** The platform refuses the second step: the first is taken back. */
export const secondStepRefused = (key: string, n: number, type: ServiceType): PlannedOrder => ({
  key,
  kind: `${type} refused at its second step`,
  end: 'failed',
  items: [added(type, n, 'it', { ...undone, serviceId: `refused-${key}`, effects: takenBack[type] })],
});

/** Two items are done, the third is refused and taken back. */
export function routerRefused(key: string, n: number): PlannedOrder {
  const [access, addresses, router] = businessItems(n);
  const refused = { ...router, ...undone, serviceId: `refused-${key}`, effects: takenBack['managed-router'] };
  return { key, kind: 'router refused', end: 'partial', items: [access, addresses, refused] };
}

/** Orders that make no sense: rejected before anything is done. */
export function senseless(key: string, n: number): PlannedOrder {
  const [line, prefix, device] = businessItems(n);
  const [access, addresses, router] = [
    { ...line, ...rejected },
    { ...prefix, ...rejected },
    { ...device, ...rejected },
  ];
  const variants: readonly { kind: string; items: readonly PlannedItem[] }[] = [
    { kind: 'items in a circle', items: [{ ...access, dependsOn: ['router'] }, addresses, router] },
    { kind: 'depends on an unknown item', items: [access, { ...addresses, dependsOn: ['nobody'] }] },
    { kind: 'faster than the specification', items: [{ ...access, characteristics: { downMbps: 20_000 } }] },
    { kind: 'unknown specification', items: [{ ...access, specification: 'carrier-pigeon' }] },
    { kind: 'unknown characteristic', items: [{ ...access, characteristics: { downMbps: 10, colour: 'red' } }] },
  ];
  const variant = variants[n % variants.length] ?? { kind: '', items: [] };
  return { key, end: 'rejected', ...variant };
}

/** A change of a service that never was. */
export const unknownService = (key: string): PlannedOrder => ({
  key,
  kind: 'unknown service',
  end: 'failed',
  items: [
    {
      id: 'it',
      action: 'modify',
      type: 'broadband',
      serviceId: `nowhere-${key}`,
      characteristics: { downMbps: 50 },
      state: 'failed',
      effects: [],
      leaves: 'nothing',
    },
  ],
});

const changed = (service: ExistingService, more: Partial<PlannedItem>): PlannedItem => ({
  id: 'it',
  action: 'modify',
  type: service.type,
  serviceId: service.id,
  state: 'completed',
  effects: [],
  leaves: 'active',
  ...more,
});

/** A modify that touches one step of its service type or both, as the number says. */
export function modify(key: string, n: number, service: ExistingService): PlannedOrder {
  const both = n % 2 === 0;
  const changes: Record<ServiceType, Partial<PlannedItem>> = {
    broadband: { characteristics: { downMbps: another(service, 'downMbps', n) }, effects: ['olt.configure'] },
    'ip-addressing': both
      ? {
          characteristics: { prefixLength: otherLength(service), reverseDns: `m${n}.example.net` },
          effects: ['ipam.resize', 'ipam.update'],
        }
      : { characteristics: { reverseDns: `m${n}.example.net` }, effects: ['ipam.update'] },
    'managed-router': { characteristics: { features: ['wifi', `f${n}`] }, effects: ['cpe.configure'] },
  };
  return { key, kind: `modify ${service.type}`, end: 'completed', items: [changed(service, changes[service.type])] };
}

/** Two orders for one service at once, each about another characteristic: both are done, one after the other. */
export const modifyTwice = (key: string, n: number, service: ExistingService): [PlannedOrder, PlannedOrder] => {
  const about = (name: string): PlannedOrder => ({
    key: `${key}-${name}`,
    kind: 'modify one service twice',
    end: 'completed',
    items: [changed(service, { characteristics: { [name]: another(service, name, n) }, effects: ['olt.configure'] })],
  });
  return [about('downMbps'), about('upMbps')];
};

/** A modify whose second step is refused: the first is put back to what was before. */
export const modifyRefused = (key: string, n: number, service: ExistingService): PlannedOrder => ({
  key,
  kind: 'modify refused',
  end: 'failed',
  items: [
    changed(service, {
      characteristics: { prefixLength: otherLength(service), reverseDns: `r${n}.example.net` },
      state: 'failed',
      effects: ['ipam.resize', 'ipam.resize'],
      leaves: 'kept',
    }),
  ],
});

export const remove = (key: string, services: readonly ExistingService[]): PlannedOrder => ({
  key,
  kind: services.length === 1 ? 'delete' : 'delete business internet',
  end: 'completed',
  items: services.map((service, at) =>
    changed(service, {
      id: `gone-${at}`,
      action: 'delete',
      effects: unmade[service.type],
      leaves: 'terminated',
      ...(at === 0 ? {} : { dependsOn: [`gone-${at - 1}`] }),
    }),
  ),
});

/** A rate that is not the service's: a modify that changes nothing does nothing. */
function another({ characteristics }: ExistingService, name: string, n: number): number {
  const rate = 9_200 + (n % 700);
  return rate === characteristics[name] ? rate - 1 : rate;
}

/** Another length of the same family that is on offer. */
const otherLength = ({ characteristics: { family, prefixLength } }: ExistingService): number =>
  family === 'ipv6' ? (prefixLength === 56 ? 64 : 56) : prefixLength === 30 ? 29 : 30;
