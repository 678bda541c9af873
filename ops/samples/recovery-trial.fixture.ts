/** What is tried, and the rule that each trial has for it: a trio of services on top of each other, one of which goes wrong. */
import {
  type DecompositionRuleFile,
  type ErrorClass,
  decompositionRule,
} from '../../contracts/messages/decomposition.ts';

export const places = ['first', 'middle', 'last'] as const;
type Place = (typeof places)[number];

export interface Trial {
  readonly policy: string;
  readonly fails: Place;
  readonly errorClass: ErrorClass;
  /** It goes wrong the first time only. */
  readonly once: boolean;
}

export const nameOf = ({ policy, fails, errorClass }: Trial): string =>
  `${policy}-${fails}-${errorClass}`.replaceAll(/\W+/gu, '-').toLowerCase();

/** Work that somebody outside carries out, who is easily brought to fail as wanted. */
export const isOutside = ({ errorClass, once: isOnce }: Trial): boolean =>
  ['timedOut', 'unreachable', 'unexpected'].includes(errorClass) || (errorClass === 'cancelled' && isOnce);

type Component = Omit<NonNullable<DecompositionRuleFile['services']>[number], 'name'>;
export const mobile: Component = {
  specification: { id: 'mobile-line', version: '1.0' },
  serviceType: 'mobile',
  characteristics: { dataMb: { value: 1_000 } },
};
export const lateSpecification = (trial: Trial): string => `late-${nameOf(trial)}`;

/** The component that goes wrong. What is not its own doing is brought about by `Outside`, the network, or a client. */
function failing(trial: Trial): Component {
  if (isOutside(trial)) return { ...mobile, serviceType: `outside-${nameOf(trial)}` };
  const tv = (values: Readonly<Record<string, string | number | string[]>>, id = 'tv-subscription'): Component => ({
    specification: { id, version: '1.0' },
    serviceType: 'tv',
    characteristics: Object.fromEntries(
      Object.entries({ packages: ['basic'], ...values }).map(([name, value]) => [name, { value }]),
    ),
  });
  if (trial.errorClass === 'refused') return tv({ packages: [trial.once ? 'basic' : 'opera'] });
  if (trial.errorClass === 'partial') return tv({ recordingHours: trial.once ? 100 : 501 });
  if (trial.errorClass === 'rejected') return trial.once ? tv({}, lateSpecification(trial)) : tv({ quality: '8K' });
  return {
    specification: { id: 'ethernet-access', version: '1.0' },
    serviceType: 'ethernet-access',
    characteristics: { site: { value: nameOf(trial) }, bandwidthMbps: { value: 100 } },
  };
}

export const ruleOf = (id: string, services: NonNullable<DecompositionRuleFile['services']>) =>
  decompositionRule.parse({
    specification: { id, version: '1.0' },
    ...{ version: '1', revision: 1, lifecycleStatus: 'active', name: id, services },
  });

export const ruleFor = (trial: Trial) =>
  ruleOf(
    nameOf(trial),
    places.map((name, at) => ({
      ...(name === trial.fails ? failing(trial) : mobile),
      ...{ name, optional: name === 'last', after: places.slice(Math.max(at - 1, 0), at) },
    })),
  );
