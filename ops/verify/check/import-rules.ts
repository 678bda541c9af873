import type { Import } from './modules.ts';

/** Where a file lives, in the words of DESIGN's "Who may import whom". `owner` is the worker (`activators/<type>` for an activator). */
export type Place = {
  path: string;
  area: 'contracts' | 'gateway' | 'workers' | 'platform' | 'ops' | 'root';
  owner: string;
  isTest: boolean;
  isMain: boolean;
  isPure: boolean;
};

/** One law of the house: `broken` looks at an import and the place it stands in. Rules are tried in order, the first broken one is named. */
export type Rule = { name: string; why: string; broken: (from: Place, to: Import) => boolean };

/** Reads the place of a file off its path from the root. */
export function placeOf(path: string): Place {
  const [top = '', second = '', third = ''] = path.split('/');
  const isFolder = (depth: number) => path.split('/').length > depth + 1;
  const isTest = path.endsWith('.test.ts');
  const area = areaOf(top, second);
  const worker = isFolder(1) ? second : '';
  const owner = area !== 'workers' ? '' : worker === 'activators' && isFolder(2) ? `activators/${third}` : worker;
  return {
    path,
    area,
    owner,
    isTest,
    isMain: /(^|[/.])main\.ts$/.test(path),
    isPure: /\.(machine|decide|graph|state)\.ts$/.test(path),
  };
}

function areaOf(top: string, second: string): Place['area'] {
  if (top === 'contracts' || top === 'gateway' || top === 'workers') return top;
  if (top !== 'ops') return 'root';
  return second === 'platform' ? 'platform' : 'ops';
}

const ours = (to: Import) => (to.target.kind === 'ours' ? placeOf(to.target.path) : undefined);
const isPackage = (to: Import, name: string) => to.target.kind === 'package' && to.target.name === name;
const isUnder = (place: Place | undefined, folder: string) => place?.path.startsWith(`${folder}/`) ?? false;
const isTestSupport = (from: Place, to: Place) =>
  from.isTest && (isUnder(to, 'ops/verify/testbed') || (isActivator(from) && isUnder(to, 'ops/verify/conformance')));
/** The part of the messaging engine that runs handlers; the rest of it (envelope, outbox, relay) is for whoever sends. */
const isEngine = (place: Place | undefined) =>
  /^ops\/platform\/messaging\/(handler|worker|role|lane|batch|deciding|alarms|account|item|causation)\.ts$/.test(
    place?.path ?? '',
  );
const isProjector = (place: Place) => /^gateway\/views\/(projector|given-up)\.ts$/.test(place.path);
/** What workers share, and what an activator's folder sees of the domain that runs it. */
const isCalls = (place: Place) => place.owner === 'calls';
const isActivationsFace = (place: Place) => place.path === 'workers/activation/index.ts';
const isFleet = (from: Place) => from.area === 'gateway' || from.area === 'workers';
const isActivator = (place: Place) => place.owner.startsWith('activators/');
/** The stand-in for an activator's platform: it lies in the activator's folder and is the simulator's. */
const isStandIn = (place: Place | undefined) =>
  place !== undefined && isActivator(place) && place.path === `workers/${place.owner}/simulated.ts`;
const isStandInsTool = (from: Place, to: Place | undefined) =>
  isStandIn(from) && to?.path === 'ops/simulator/manager.ts';
const isBroker = (place: Place) => /^ops\/platform\/broker[/.-]/.test(place.path);
const isConfiguration = (path: string) => /^ops\/platform\/config(uration)?[/.-]/.test(path);

/** Who may know where the connections and the settings are: `main.ts`, what people run, and the one file that parses the environment. */
export const mayConfigure = (from: Place) =>
  from.isMain || from.area === 'ops' || from.area === 'root' || isConfiguration(from.path);

export const environmentRule = {
  name: 'environment-in-main',
  why: 'the environment is parsed once, in main.ts and ops; everything else is handed what it needs',
};

/** The same people may open a connection, and the platform's database module on their behalf. */
export const mayConnect = (from: Place) => from.area === 'platform' || mayConfigure(from);

export const connectionRule = {
  name: 'connections-in-main',
  why: 'a connection is constructed in main.ts and passed in',
};

export const rules: readonly Rule[] = [
  {
    name: 'names-a-file',
    why: 'a relative import names an existing file with its extension; no other way to reach our own files is used',
    broken: (_, to) => to.target.kind === 'unresolved',
  },
  {
    name: 'no-computed-import',
    why: 'only the activator registry finds modules at run time; elsewhere the reader must see what is imported',
    broken: (from, to) =>
      to.target.kind === 'computed' &&
      from.owner !== 'activators' &&
      (isFleet(from) || from.area === 'contracts' || from.area === 'platform'),
  },
  {
    name: 'contracts-import-zod-alone',
    why: 'contracts is what crosses a boundary; it knows neither side and drags nothing along',
    broken: (from, to) => {
      const place = ours(to);
      if (from.area !== 'contracts') return false;
      if (place) return place.area !== 'contracts' && !isTestSupport(from, place);
      return !from.isTest && !isPackage(to, 'zod');
    },
  },
  {
    name: 'pure-files-import-contracts',
    why: 'a machine, graph or decision is a function of its arguments; clock, ids, rows and types of the engine are passed in',
    broken: (from, to) => {
      const place = ours(to);
      if (!from.isPure) return false;
      if (!place) return true;
      return place.area !== 'contracts' && !(place.isPure && place.owner === from.owner);
    },
  },
  {
    name: 'fleet-never-imports-simulator',
    why: 'workers speak to network platforms over the wire; the simulator stands in for somebody else’s equipment',
    broken: (from, to) => {
      const place = ours(to);
      return (
        (isFleet(from) || from.area === 'platform') && isUnder(place, 'ops/simulator') && !isStandInsTool(from, place)
      );
    },
  },
  {
    name: 'stand-ins-are-the-simulators',
    why: 'an activator’s simulated.ts plays its platform in the simulator; the fleet must not run on it',
    broken: (from, to) => isStandIn(ours(to)) && from.area !== 'ops' && !(from.isTest && isActivator(from)),
  },
  {
    name: 'gateway-and-workers-apart',
    why: 'TMF JSON never enters a worker and domain models never leave it: they meet in messages only',
    broken: (from, to) => {
      const area = ours(to)?.area;
      return (from.area === 'gateway' && area === 'workers') || (from.area === 'workers' && area === 'gateway');
    },
  },
  {
    name: 'fleet-stands-on-platform',
    why: 'of ops, gateway and workers import ops/platform alone (tests also ops/verify/testbed)',
    broken: (from, to) => {
      const place = ours(to);
      if (!place || !isFleet(from)) return false;
      return (
        (place.area === 'ops' || place.area === 'root') && !isTestSupport(from, place) && !isStandInsTool(from, place)
      );
    },
  },
  {
    name: 'platform-imports-contracts-alone',
    why: 'what gateway and workers both stand on cannot stand on either of them',
    broken: (from, to) => {
      const place = ours(to);
      if (!place || from.area !== 'platform') return false;
      return place.area !== 'platform' && place.area !== 'contracts' && !isTestSupport(from, place);
    },
  },
  {
    name: 'projector-alone-handles-messages',
    why: 'the gateway answers requests; of it only the projector takes messages, so that no route ever waits for a handler',
    broken: (from, to) => from.area === 'gateway' && isEngine(ours(to)) && !isProjector(from) && !from.isTest,
  },
  {
    name: 'calls-know-no-worker',
    why: 'workers/calls is what every worker calls the outside with; a worker hands itself to it',
    broken: (from, to) => {
      const place = ours(to);
      return isCalls(from) && place?.area === 'workers' && !isCalls(place);
    },
  },
  {
    name: 'activator-is-one-folder',
    why: 'a service type is added or taken away as one folder; it sees workers/calls and the public face of workers/activation, never another activator',
    broken: (from, to) => {
      const place = ours(to);
      if (!isActivator(from) || place?.area !== 'workers') return false;
      return place.owner !== from.owner && !isCalls(place) && !isActivationsFace(place);
    },
  },
  {
    name: 'no-sibling-worker',
    why: 'a worker owns its domain; it hears of others through messages',
    broken: (from, to) => {
      const place = ours(to);
      if (from.area !== 'workers' || place?.area !== 'workers') return false;
      if (place.owner === from.owner || isCalls(place)) return false;
      if (from.owner === 'activators' && isActivator(place)) return false;
      return !(isActivationsFace(place) && (from.owner === 'activators' || isActivator(from)));
    },
  },
  {
    name: 'amqplib-in-broker',
    why: 'acks, confirms, returns and reconnection are got right once, in ops/platform/broker (the benchmark floors measure the client itself)',
    broken: (from, to) => isPackage(to, 'amqplib') && !isBroker(from) && !isUnder(from, 'ops/verify/bench/floors'),
  },
  {
    name: connectionRule.name,
    why: connectionRule.why,
    broken: (from, to) => isPackage(to, 'postgres') && to.dynamic && !mayConnect(from),
  },
  {
    name: 'configuration-in-main',
    why: 'only main.ts and ops read configuration; elsewhere its types alone',
    broken: (from, to) => {
      const reads = to.target.kind === 'ours' && isConfiguration(to.target.path) && !to.typeOnly;
      return reads && !mayConfigure(from);
    },
  },
  {
    name: environmentRule.name,
    why: environmentRule.why,
    broken: (from, to) => to.target.kind === 'node' && to.target.name === 'process' && !mayConfigure(from),
  },
  {
    name: 'floors-are-a-yardstick',
    why: 'a floor that used the engine would rise and fall with what it is there to measure',
    broken: (from, to) => {
      const place = ours(to);
      return isUnder(from, 'ops/verify/bench/floors') && place !== undefined && !isUnder(place, 'ops/verify/bench');
    },
  },
];
