/** The dialect of each engine. */
import { type EngineName, engineOf } from '../model/engines.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Dialect } from './dialect.ts';
import { DUCKDB } from './duckdb/index.ts';
import { SPARK } from './spark/index.ts';

const DIALECTS = { duckdb: DUCKDB, spark: SPARK } as const satisfies Readonly<Record<EngineName, Dialect>>;

/** How the steps of a process are written. */
export const dialectOf = (spec: Pick<ProcessSpec, 'engine'>): Dialect => DIALECTS[engineOf(spec)];
