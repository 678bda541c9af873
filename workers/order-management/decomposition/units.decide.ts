/** Units by quantity, each in the quantity's smallest: a whole number of them, so that nothing is lost on the way. */
const quantities = {
  'bit rate': {
    'bit/s': 1,
    'kbit/s': 1e3,
    'Mbit/s': 1e6,
    'Gbit/s': 1e9,
    'Tbit/s': 1e12,
    bps: 1,
    kbps: 1e3,
    Mbps: 1e6,
    Gbps: 1e9,
    Tbps: 1e12,
  },
  'amount of data': {
    bit: 1,
    B: 8,
    kB: 8e3,
    MB: 8e6,
    GB: 8e9,
    TB: 8e12,
    KiB: 8 * 1024,
    MiB: 8 * 1024 ** 2,
    GiB: 8 * 1024 ** 3,
    TiB: 8 * 1024 ** 4,
  },
  duration: { ms: 1, s: 1e3, min: 6e4, h: 36e5, d: 864e5 },
  frequency: { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 },
  length: { mm: 1, cm: 10, m: 1e3, km: 1e6 },
} as const satisfies Record<string, Record<string, number>>;

const units = new Map(
  Object.entries(quantities).flatMap(([quantity, sizes]) =>
    Object.entries(sizes).map(([name, size]) => [name, { quantity, size }] as const),
  ),
);

/** Digits that survive a conversion; beyond them binary fractions show. */
const digits = 12;

/**
 * A number in another unit of the same quantity.
 *
 * @returns the number, or a sentence that says why there is none
 */
export function convert(value: number, from: string, to: string): number | string {
  const fault = conversionFault(from, to);
  if (fault !== undefined) return fault;
  const [source = 1, target = 1] = [units.get(from)?.size, units.get(to)?.size];
  return Number(((value * source) / target).toPrecision(digits));
}

/** What speaks against converting between two units: one is not known, or they measure different things. */
export function conversionFault(from: string, to: string): string | undefined {
  const unknown = [from, to].find((name) => !units.has(name));
  if (unknown !== undefined) return `"${unknown}" is not a unit known here; there are ${[...units.keys()].join(', ')}`;
  const [one, other] = [units.get(from)?.quantity, units.get(to)?.quantity];
  if (one === other) return undefined;
  return `"${from}" is a unit of ${one ?? ''}, "${to}" of ${other ?? ''}: one cannot be converted to the other`;
}
