/** Makes OpenLineage's values (specification 2-0-2) as they are sent. Values -> JSON. Pure. */
import { createHash } from 'node:crypto';

export const PRODUCER = 'urn:psyberg';
export const EVENT_SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
/** A facet of our own, which no other producer has; docs/reference/lineage.md describes it. */
const SESSION_FACET_SCHEMA = 'urn:psyberg:facet:session:1-0-0';

/** The version in which each facet is sent. */
const VERSIONS = {
  CatalogDatasetFacet: '1-1-0',
  ColumnLineageDatasetFacet: '1-2-0',
  DatasetVersionDatasetFacet: '1-0-1',
  ErrorMessageRunFacet: '1-0-1',
  InputStatisticsInputDatasetFacet: '1-0-0',
  JobTypeJobFacet: '2-0-4',
  NominalTimeRunFacet: '1-0-1',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  ParentRunFacet: '1-2-0',
  ProcessingEngineRunFacet: '1-1-1',
  SchemaDatasetFacet: '1-2-0',
  SQLJobFacet: '1-1-0',
  StorageDatasetFacet: '1-0-1',
  SymlinksDatasetFacet: '1-0-1',
} as const;

export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [member: string]: unknown;
}
export type Facets = Readonly<Record<string, Facet>>;

export const facet = (kind: keyof typeof VERSIONS, content: object): Facet => ({
  _producer: PRODUCER,
  _schemaURL: `https://openlineage.io/spec/facets/${VERSIONS[kind]}/${kind}.json#/$defs/${kind}`,
  ...content,
});

export const sessionFacet = (content: object): Facet => ({
  _producer: PRODUCER,
  _schemaURL: SESSION_FACET_SCHEMA,
  ...content,
});

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly inputFacets?: Facets;
  readonly outputFacets?: Facets;
}
export type EventType = 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL';
export interface LineageEvent {
  readonly eventType: EventType;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

/** RFC 9562, "URL namespace". */
const URL_NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/**
 * The run id of a session: a UUID of version 5 made from `namespace/job/session`, so that every command of a
 * session, and whoever asks for it, names the same run.
 */
export function runIdOf(job: { readonly namespace: string; readonly name: string }, session: string): string {
  const name = `${job.namespace}/${job.name}/${session}`;
  const bytes = createHash('sha1').update(URL_NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
