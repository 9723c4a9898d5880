/** `vtts: bounds`: complete up to the newest hour in which the source has rows. */
import type { VttsKind } from './vtts-kind.ts';

export const bounds: VttsKind = {
  form: 'bounds',
  isFree: true,
  isOfHead: true,
  ask: (_vtts, { newestHour }) => newestHour,
};
