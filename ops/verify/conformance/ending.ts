import type { Characteristics } from '../../../contracts/messages/values.ts';

/** How a step, or a whole change, came out. `broken`: it never came to an end as it should; a sentence says why. */
export type Ending =
  | { readonly kind: 'landed'; readonly characteristics: Characteristics }
  | { readonly kind: 'refused'; readonly step: string; readonly code: string; readonly reason: string }
  | { readonly kind: 'broken'; readonly complaint: string };
