/** The providers of VTTS, one file each, by the name that a header gives them. */
import { bounds } from './bounds.ts';
import { hour } from './hour.ts';
import { property } from './property.ts';
import { signal } from './signal.ts';
import { sqlVtts } from './sql.ts';
import type { VttsKind } from './vtts-kind.ts';

export type { ToldHour } from './hour.ts';
export type { AskedPlace, AskedSource, AskedWarehouse } from './vtts-kind.ts';

const VTTS = { bounds, signal, property, sql: sqlVtts } satisfies Record<string, VttsKind>;

export type VttsName = keyof typeof VTTS;
export const VTTS_NAMES = Object.keys(VTTS) as VttsName[];

/** By the name in a header, or `kind` of what was read; `hour` stands in no header. */
export const vttsKind = (name: string): VttsKind => (name === 'hour' ? hour : VTTS[name as VttsName]);
