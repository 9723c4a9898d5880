/**
 * Complete up to an hour that is known beforehand. No header can say this; a test does, for the sources that
 * it fills.
 */
import type { Hour } from '../../model/hour.ts';
import type { VttsSpec } from '../../model/process-spec.ts';
import type { VttsKind } from './vtts-kind.ts';

export interface ToldHour extends VttsSpec {
  readonly kind: 'hour';
  readonly hour: Hour;
}

export const hour: VttsKind<ToldHour> = {
  form: 'hour',
  isFree: true,
  isOfHead: true,
  knowsWithoutRows: true,
  ask: (vtts) => vtts.hour,
};
