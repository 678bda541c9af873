import type {
  Characteristics,
  PlannedProductItem,
  PlannedProductOrder,
  PlannedService,
  ProductKind,
  ProductServiceType,
} from './planned-product-order.ts';

/** A product that an earlier order made, with what it is known to have. */
export interface ExistingProduct {
  readonly id: string;
  readonly kind: ProductKind;
  readonly characteristics: Characteristics;
}

/** Numbers that one product each holds from the beginning; whoever asks for them is refused. */
const takenTelephone = '+4930990001';
const takenMobile = '+4915990001';

const made: Record<ProductServiceType, readonly string[]> = {
  broadband: ['olt.reserve', 'olt.configure'],
  'ip-addressing': ['ipam.allocate', 'ipam.update'],
  'managed-router': ['cpe.register', 'cpe.configure'],
  voice: ['ims.reserve', 'ims.provision'],
  tv: ['iptv.open', 'iptv.grant', 'iptv.record'],
  mobile: ['hlr.reserve', 'hlr.activate'],
};
const unmade: Record<ProductServiceType, readonly string[]> = {
  broadband: ['olt.clear', 'olt.release'],
  'ip-addressing': ['ipam.update', 'ipam.release'],
  'managed-router': ['cpe.deconfigure', 'cpe.deregister'],
  voice: ['ims.deprovision', 'ims.release'],
  tv: ['iptv.unrecord', 'iptv.revoke', 'iptv.close'],
  mobile: ['hlr.deactivate', 'hlr.release'],
};

const added = (type: ProductServiceType, characteristics: Characteristics, units = 1): PlannedService => ({
  type,
  units,
  characteristics,
  effects: [made[type]],
  leaves: 'active',
});
const removed = (type: ProductServiceType): PlannedService => ({
  type,
  units: 1,
  characteristics: {},
  effects: [unmade[type]],
  leaves: 'terminated',
});
const changed = (type: ProductServiceType, characteristics: Characteristics, effect: string): PlannedService => ({
  type,
  units: 1,
  characteristics,
  effects: [[effect]],
  leaves: 'active',
});
const undone = (service: PlannedService, effects: readonly (readonly string[])[]): PlannedService => ({
  ...service,
  effects,
  leaves: 'terminated',
});
/** Done whole, and taken back whole. */
const backAndForth = (type: ProductServiceType): readonly string[] => [...made[type], ...unmade[type]];

/** What a customer of that number wants of a product: an item that succeeds, and the services it takes. */
interface Wanted {
  readonly item: PlannedProductItem;
  readonly services: readonly PlannedService[];
}

/** In tenths of Gbit/s. */
const tenths = (n: number): number => (1 + (n % 10)) / 10;

function fiberOf(n: number): Wanted {
  const quantity = 1 + (n % 3);
  const [speed, upSpeed] = [tenths(n), tenths(n + 3)];
  const line = { downMbps: Math.round(speed * 1000), upMbps: Math.round(upSpeed * 1000), technology: 'XGS-PON' };
  return {
    item: {
      id: 'fiber',
      action: 'add',
      quantity,
      specification: 'fiber-1g',
      characteristics: { speed, upSpeed },
      state: 'completed',
      products: { 'fiber-1g': 'active' },
    },
    services: [added('broadband', line, quantity)],
  };
}

function businessOf(n: number): Wanted {
  const [speed, upSpeed, wifi] = [100 + (n % 300), 50 + (n % 50), n % 2 === 0];
  return {
    item: {
      id: 'office',
      action: 'add',
      specification: 'business-internet',
      characteristics: { speed, upSpeed, addresses: n % 3 === 0 ? 16 : 8, hostName: `p${n}`, wifi },
      state: 'completed',
      products: { 'business-internet': 'active' },
    },
    services: [
      added('broadband', { downMbps: speed, upMbps: upSpeed }),
      added('ip-addressing', { prefixLength: n % 3 === 0 ? 28 : 29, reverseDns: `p${n}.example.net` }),
      added('managed-router', { model: 'R100', features: wifi ? ['firewall', 'wifi'] : ['firewall'] }),
    ],
  };
}

function homeOf(n: number, television: boolean): Wanted {
  const pack = n % 2 === 0 ? 'family' : 'basic';
  const packages = pack === 'family' ? ['basic', 'kids', 'documentary'] : ['basic'];
  const tv = { packages, streams: pack === 'family' ? 4 : 2, quality: 'UHD', recordingHours: 48 };
  const whole = { 'home-bundle': 'active', 'fiber-1g': 'active', 'voice-line': 'active' };
  return {
    item: {
      id: 'home',
      action: 'add',
      specification: 'home-bundle',
      characteristics: { speed: 0.5, voiceLines: 1, television: television ? pack : 'none' },
      state: 'completed',
      products: { ...whole, ...(television ? { 'tv-pack': 'active' } : {}) },
    },
    services: [
      added('broadband', { downMbps: 500, upMbps: 500, technology: 'XGS-PON' }),
      added('voice', { features: ['callerId', 'voicemail'] }),
      ...(television ? [added('tv', tv)] : []),
    ],
  };
}

function mobileOf(n: number): Wanted {
  const data = 1 + (n % 100);
  return {
    item: {
      id: 'mobile',
      action: 'add',
      specification: 'mobile-plan',
      characteristics: { data, zone: n % 2 === 0 ? 'world' : 'home' },
      state: 'completed',
      products: { 'mobile-plan': 'active' },
    },
    services: [added('mobile', { dataMb: data * 1000, roaming: n % 2 === 0 ? 'world' : 'none' })],
  };
}

const orderOf = (key: string, kind: string, ...wanted: readonly Wanted[]): PlannedProductOrder => ({
  of: 'products',
  key,
  kind,
  end: 'completed',
  items: wanted.map(({ item }) => item),
  services: wanted.flatMap(({ services }) => services),
});

export const fiber = (key: string, n: number) => orderOf(key, 'fiber lines', fiberOf(n));
export const business = (key: string, n: number) => orderOf(key, 'business internet product', businessOf(n));
export const home = (key: string, n: number, television: boolean) =>
  orderOf(key, television ? 'home bundle' : 'home bundle without television', homeOf(n, television));
export const mobile = (key: string, n: number) => orderOf(key, 'mobile plan', mobileOf(n));
export const several = (key: string, n: number) => orderOf(key, 'fiber and a mobile plan', fiberOf(n), mobileOf(n));

const asking = (item: PlannedProductItem, characteristics: Characteristics): PlannedProductItem => ({
  ...item,
  characteristics: { ...item.characteristics, ...characteristics },
});
const telephone = (number: string) => [{ id: 'telephone', specification: 'voice-line', characteristics: { number } }];

/** Whoever holds the numbers that others will ask for. */
export function squatters(key: string): PlannedProductOrder[] {
  const [{ item, services }, sim] = [homeOf(0, false), mobileOf(0)];
  return [
    orderOf(`${key}-telephone`, 'the number that others ask for', {
      item: { ...item, parts: telephone(takenTelephone) },
      services,
    }),
    orderOf(`${key}-mobile`, 'the mobile number that others ask for', {
      item: asking(sim.item, { number: takenMobile }),
      services: sim.services,
    }),
  ];
}

/** The second step of its service is refused: the first is taken back. With something beside it that succeeds, or alone. */
export function mobileRefused(key: string, n: number, alone: boolean): PlannedProductOrder {
  const { item, services } = mobileOf(n);
  const refused: Wanted = {
    item: { ...asking(item, { number: takenMobile }), state: 'failed', products: { 'mobile-plan': 'aborted' } },
    services: services.map((one) => undone(one, [['hlr.reserve', 'hlr.release']])),
  };
  return alone
    ? { ...orderOf(key, 'mobile number taken', refused), end: 'failed' }
    : { ...orderOf(key, 'mobile number taken, beside fiber', fiberOf(n), refused), end: 'partial' };
}

/** The line is there when the number is refused that it would have: it is taken back, and the bundle with it. */
export function homeRefused(key: string, n: number): PlannedProductOrder {
  const { item, services } = homeOf(n, false);
  const products = { 'home-bundle': 'aborted', 'fiber-1g': 'aborted', 'voice-line': 'aborted' };
  return {
    ...orderOf(key, 'telephone number taken', {
      item: { ...item, parts: telephone(takenTelephone), state: 'failed', products },
      services: services.map((one) => undone(one, [one.type === 'voice' ? [] : backAndForth(one.type)])),
    }),
    end: 'failed',
  };
}

/** Orders that make no sense: rejected before anything is done. */
export function senseless(key: string, n: number): PlannedProductOrder {
  const { item } = fiberOf(n);
  const variants: readonly { kind: string; item: PlannedProductItem }[] = [
    { kind: 'faster than the product', item: asking(item, { speed: 40 }) },
    { kind: 'unknown product specification', item: { ...item, specification: 'carrier-pigeon' } },
    { kind: 'unknown product characteristic', item: asking(item, { colour: 'red' }) },
    { kind: 'unknown product', item: { id: 'gone', action: 'delete', productId: `none-${key}`, ...rejected } },
  ];
  const variant = variants[n % variants.length];
  if (variant === undefined) throw new Error('there are variants');
  return {
    ...orderOf(key, variant.kind, { item: { ...variant.item, ...rejected }, services: [] }),
    end: 'rejected',
  };
}
const rejected = { state: 'rejected', products: {} } as const;

/** Called off before it begins: nothing is ever done. */
export function calledOff(key: string, n: number): PlannedProductOrder {
  const { item } = businessOf(n);
  return {
    ...orderOf(key, 'called off before it begins', {
      item: { ...item, state: 'cancelled', products: {} },
      services: [],
    }),
    end: 'cancelled',
    startsAt: '2099-01-01T00:00:00.000Z',
    cancelledAfterMs: 0,
  };
}

/** Called off while it runs: it ends as ordered or cancelled, and then what was done is taken back. */
export function calledOffMidway(key: string, n: number): PlannedProductOrder {
  const { item, services } = n % 2 === 0 ? businessOf(n) : homeOf(n, false);
  const aborted = Object.fromEntries(Object.keys(item.products).map((one) => [one, 'cancelled']));
  return {
    ...orderOf(key, 'called off while it runs', { item, services }),
    cancelledAfterMs: (n % 5) * 400,
    orElse: {
      end: 'cancelled',
      items: [{ ...item, state: 'cancelled', products: aborted }],
      services: services.map((one) => undone(one, takenBackAt(one.type))),
    },
  };
}

/** Never begun, after its first step, or when it was done. */
function takenBackAt(type: ProductServiceType): readonly (readonly string[])[] {
  const [first = ''] = made[type];
  return [[], [first, unmade[type].at(-1) ?? ''], backAndForth(type)];
}

const itemAbout = (
  { id: productId, kind }: ExistingProduct,
  action: 'modify' | 'delete',
  characteristics: Characteristics,
): PlannedProductItem => ({
  id: 'it',
  action,
  productId,
  characteristics,
  state: 'completed',
  products: { [kind]: action === 'delete' ? 'terminated' : 'active' },
});

/** A change of one service of a product. */
export function modify(key: string, n: number, product: ExistingProduct): PlannedProductOrder {
  const { kind } = product;
  switch (kind) {
    case 'fiber-1g': {
      const upSpeed = other(tenths(n), tenths(n + 1), product.characteristics['upSpeed']);
      const line = { upMbps: Math.round(upSpeed * 1000) };
      return modified(key, itemAbout(product, 'modify', { upSpeed }), changed('broadband', line, 'olt.configure'));
    }
    case 'business-internet': {
      const speed = other(400 + (n % 90), 499, product.characteristics['speed']);
      const services = changed('broadband', { downMbps: speed }, 'olt.configure');
      return modified(key, itemAbout(product, 'modify', { speed }), services);
    }
    case 'mobile-plan': {
      const data = other(200 + (n % 90), 300, product.characteristics['data']);
      const services = changed('mobile', { dataMb: data * 1000 }, 'hlr.activate');
      return modified(key, itemAbout(product, 'modify', { data }), services);
    }
    case 'home-bundle':
      return withoutTelevision(key, product);
    default:
      return kind satisfies never;
  }
}

const other = (one: number, another: number, is: unknown): number => (one === is ? another : one);
const modified = (key: string, item: PlannedProductItem, service: PlannedService): PlannedProductOrder =>
  orderOf(key, `modify a product: ${service.type}`, { item, services: [service] });

/** A bundle goes on without one of its parts. */
function withoutTelevision(key: string, product: ExistingProduct): PlannedProductOrder {
  const item = itemAbout(product, 'modify', { television: 'none' });
  return orderOf(key, 'no television any more', {
    item: { ...item, products: { ...item.products, 'tv-pack': 'terminated' } },
    services: [removed('tv')],
  });
}

export const hasTelevision = ({ characteristics: { television } }: ExistingProduct): boolean => television !== 'none';

/** Everything of a product ends. */
export function disconnect(key: string, product: ExistingProduct): PlannedProductOrder {
  const television = product.kind === 'home-bundle' && hasTelevision(product);
  const types: Record<ProductKind, readonly ProductServiceType[]> = {
    'fiber-1g': ['broadband'],
    'business-internet': ['managed-router', 'ip-addressing', 'broadband'],
    'home-bundle': ['voice', ...(television ? (['tv'] as const) : []), 'broadband'],
    'mobile-plan': ['mobile'],
  };
  const parts = ['fiber-1g', 'voice-line', ...(television ? ['tv-pack'] : [])];
  const ended = product.kind === 'home-bundle' ? ['home-bundle', ...parts] : [product.kind];
  const item = itemAbout(product, 'delete', {});
  return orderOf(key, `disconnect ${product.kind}`, {
    item: { ...item, products: Object.fromEntries(ended.map((one) => [one, 'terminated'])) },
    services: types[product.kind].map(removed),
  });
}
