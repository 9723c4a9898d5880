/** Reads `engines:` of psyberg.yaml. YAML -> EnginesSpec. Every problem is reported. */
import path from 'node:path';
import * as z from 'zod';
import { filled, strictMap } from '../kinds/shapes.ts';
import { type EnginesSpec, SESSION_CATALOG, type SparkSpec } from '../model/engines.ts';
import { given } from '../model/given.ts';
import { durationMs, FINE_DURATION_PATTERN } from '../model/hour.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { filledIn } from './read-catalog.ts';
import { judgedText } from './validate.ts';
import type { YamlText } from './yaml-text.ts';

const TIMEOUT_RULE = 'timeout must be a number with s, m or h, such as 90s, 30m or 2h';

export const enginesSchema = strictMap({
  spark: strictMap({
    remote: filled.optional(),
    ca_file: filled.optional(),
    timeout: judgedText(
      z.string(TIMEOUT_RULE).refine((text) => (durationMs(text, { fine: true }) ?? 0) > 0, TIMEOUT_RULE),
      FINE_DURATION_PATTERN,
    ).optional(),
    catalog: z
      .string()
      .regex(/^\w+$/, 'catalog must be the name of a catalog of Spark: letters, digits and _')
      .refine((name) => name !== SESSION_CATALOG, `catalog must be another one than ${SESSION_CATALOG}`)
      .optional(),
    catalog_uri: z
      .string()
      .regex(/^https?:\/\//, 'catalog_uri must begin with http:// or https://')
      .optional(),
    catalog_host: filled.optional(),
    conf: z.record(filled, z.union([z.string(), z.number(), z.boolean()])).optional(),
  }).optional(),
}).optional();

type SparkKey = 'remote' | 'ca_file' | 'timeout' | 'catalog' | 'catalog_uri' | 'catalog_host' | 'conf';
type WrittenSpark = Readonly<Partial<Record<SparkKey, unknown>>>;

interface Reading {
  /** The project's folder. */
  readonly root: string;
  readonly yaml: YamlText;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: ReportProblem;
}

/** `written`: the value of `engines`; undefined if it has none. */
export function enginesOf(written: unknown, options: Reading): { readonly engines?: EnginesSpec } {
  const spark = isMap(written) && isMap(written['spark']) ? (written['spark'] as WrittenSpark) : undefined;
  return spark === undefined ? {} : { engines: { spark: sparkOf(spark, options) } };
}

function sparkOf(spark: WrittenSpark, options: Reading): SparkSpec {
  const text = (key: Exclude<SparkKey, 'conf'>): string | undefined => {
    const value = spark[key];
    return typeof value === 'string' ? filledIn(value, ['engines', 'spark', key], options) : undefined;
  };
  const remote = text('remote');
  if (remote !== undefined && !remote.startsWith('sc://'))
    options.report(
      options.yaml.placeOf(['engines', 'spark', 'remote']),
      'remote must begin with sc://',
      'name the Spark Connect endpoint, such as sc://spark.internal:15002',
    );
  refuseBothWays(spark, options);
  const [caFile, timeout] = [text('ca_file'), text('timeout')];
  const conf = Object.entries(isMap(spark.conf) ? spark.conf : {}).map(([key, value]): [string, string] => [
    key,
    filledIn(String(value), ['engines', 'spark', 'conf', key], options),
  ]);
  return {
    ...given({
      remote,
      caFile: caFile === undefined ? undefined : path.resolve(options.root, caFile),
      timeoutMs: timeout === undefined ? undefined : durationMs(timeout, { fine: true }),
      catalog: text('catalog'),
      catalogUri: text('catalog_uri'),
      catalogHost: text('catalog_host'),
    }),
    conf: Object.fromEntries(conf),
  };
}

/** If Spark has a catalog of its own, it does not ask psyberg's for anything. */
function refuseBothWays(spark: WrittenSpark, { yaml, report }: Reading): void {
  if (spark.catalog === undefined) return;
  for (const key of ['catalog_uri', 'catalog_host'] as const)
    if (spark[key] !== undefined)
      report(
        yaml.placeOfKey(['engines', 'spark', key]),
        `${key} is for a Spark that asks psyberg's catalog; with catalog it asks nothing of psyberg`,
        `remove ${key}, or catalog`,
      );
}
