/**
 * Decides which tests can be rehearsed: those whose processes only use what a rehearsal understands. Others
 * are played through whole sessions in every order, which is slower but never wrong. Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { PreparedTest } from '../world/prepare.ts';

/** A rehearsal does not understand any other key of a spec. */
const KNOWN_OF_SOURCE: ReadonlySet<string> = new Set<keyof SourceSpec>([
  'table',
  'alias',
  'eventTime',
  'eventTimeUnit',
  'vtts',
  'onSourceChange',
  'nulls',
  'futureToleranceMs',
  'start',
  'protect',
  'window',
]);
const KNOWN_OF_PROCESS: ReadonlySet<string> = new Set<keyof ProcessSpec>([
  'processName',
  'file',
  'pattern',
  'sources',
  'target',
  'onSchemaChange',
  'audits',
  'hours',
  'catchup',
  'accept',
  'sql',
  'sqlOffset',
  'parameters',
  'variables',
  'macros',
  'sqlSha256',
]);
export function mayRehearse(prepared: PreparedTest): boolean {
  const { processes } = prepared.test;
  const deletes = prepared.arrivals.some((arrival) => arrival.deletes);
  return processes.every((spec) => {
    const producers = spec.sources.map(({ table }) =>
      processes.find((each) => tableKey(each.target.table) === tableKey(table)),
    );
    return (
      isKnown(spec, KNOWN_OF_PROCESS) &&
      spec.sources.every((source) => isKnown(source, KNOWN_OF_SOURCE) && source.nulls === 'skip') &&
      spec.catchup.thresholdHours === undefined &&
      spec.catchup.hoursPerSession === undefined &&
      // Only sessions can say what they refuse, or take in part.
      !(!patternOf(spec).loadsHours && (deletes || producers.some(overwrites))) &&
      // If rows go, sessions compare files to find how keys and the newest hour changed.
      !(hasWindow(spec) && (deletes || producers.some((producer) => producer !== undefined))) &&
      spec.sources.every(
        ({ vtts }, index) =>
          vtts.kind === 'bounds' ||
          (vtts.kind === 'signal' && producers[index] !== undefined) ||
          (producers[index] === undefined && prepared.test.vtts === 'told'),
      )
    );
  });
}

const hasWindow = ({ sources }: ProcessSpec): boolean => sources.some(({ window }) => window !== undefined);

const overwrites = (spec: ProcessSpec | undefined): boolean =>
  spec !== undefined && patternOf(spec).loadsHours;

const isKnown = (spec: object, known: ReadonlySet<string>): boolean =>
  Object.entries(spec).every(([key, value]) => value === undefined || known.has(key));
