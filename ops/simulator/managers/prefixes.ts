import type { Pool } from '../manager.ts';

/** The prefix lengths on offer, by family. Each has a supernet of its own, so prefixes never overlap. */
export const prefixLengths = { ipv4: [24, 25, 26, 27, 28, 29, 30, 32], ipv6: [48, 56, 64] } as const;

export type Family = keyof typeof prefixLengths;

/** Every prefix of one length, in address order. */
export const prefixPool = (family: Family, length: number): Pool => ({
  name: `prefixes-${family}-${length}`,
  size: family === 'ipv4' ? 2 ** (length - 11) : 2 ** 24,
  at: (index) => `${family === 'ipv4' ? ipv4Network(length, index) : ipv6Network(length, index)}/${length}`,
});

/** The router's address for a customer prefix: its first host, or the loopback it is routed to when there is none. */
export function gatewayOf(family: Family, prefix: string): string {
  const [network = '', length = ''] = prefix.split('/');
  if (family === 'ipv6') return `${network}1`;
  return length === '32' ? '100.64.0.1' : dotted(undotted(network) + 1);
}

/** Whether text names one of the prefixes on offer; anything else could overlap with them. */
export function isOffered(family: Family, length: number, prefix: string): boolean {
  const network = prefix.split('/')[0] ?? '';
  const index = family === 'ipv4' ? ipv4Index(length, network) : ipv6Index(length, network);
  const { size, at } = prefixPool(family, length);
  return Number.isInteger(index) && index >= 0 && index < size && at(index) === prefix;
}

/** 10.0.0.0/8 in eight /11s, one per length on offer. */
const ipv4Base = (length: number) =>
  0x0a00_0000 +
  Math.max(
    0,
    prefixLengths.ipv4.findIndex((each) => each === length),
  ) *
    2 ** 21;
const ipv4Network = (length: number, index: number) => dotted(ipv4Base(length) + index * 2 ** (32 - length));
const ipv4Index = (length: number, network: string) => (undotted(network) - ipv4Base(length)) / 2 ** (32 - length);

const dotted = (address: number) => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
const undotted = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

/** The documentation prefix 3fff::/20 (RFC 9637) in /24s, one per length: 24 bits of each address choose the slot. */
function ipv6Network(length: number, index: number): string {
  const slot = BigInt(
    Math.max(
      0,
      prefixLengths.ipv6.findIndex((each) => each === length),
    ),
  );
  const address = (((0x3fffn << 8n) | slot) << 40n) | (BigInt(index) << BigInt(64 - length));
  const words = [48n, 32n, 16n, 0n].map((shift) => ((address >> shift) & 0xffffn).toString(16));
  return words.join(':').replace(/(:0)+$/, '') + '::';
}

function ipv6Index(length: number, network: string): number {
  const words = network
    .replace(/::$/, '')
    .split(':')
    .map((word) => Number.parseInt(word, 16));
  if (words.length > 4 || words.some(Number.isNaN)) return Number.NaN;
  const address = [0, 1, 2, 3].reduce((sum, at) => (sum << 16n) | BigInt(words[at] ?? 0), 0n);
  return Number((address & 0xff_ffff_ffffn) >> BigInt(64 - length));
}
