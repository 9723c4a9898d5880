/**
 * Opens one lookup of a session: pins its head, and finds whether it changed since a session last used it.
 * SourceSpec + metadata + watermark -> SourceState. A lookup is read whole, so nothing in its history is a
 * reason to refuse.
 */
import { relative } from 'node:path';
import { lookupChanges } from '../changes/lookup-changes.ts';
import { refuseUnsupported } from '../changes/refuse-unsupported.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { usageError } from '../model/errors.ts';
import { given } from '../model/given.ts';
import { sameTable, tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { SourceState } from '../model/session.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import { isUntouched } from '../state/target-publishers.ts';
import { duckdbColumns } from '../statements/index.ts';
import { refuseReplacedColumns } from './columns-replaced.ts';
import { refuseMissing } from './refuse-source.ts';
import type { OpenSessionInput } from './session-input.ts';
import { headCounts, NOTHING_NEW, positionOf, protectionFacts } from './source-facts.ts';

/**
 * Throws `source-missing`, `source-unsupported`, `lookup-key-missing`, `columns-replaced` and the errors of
 * reading.
 */
export async function openLookupState(
  input: OpenSessionInput,
  spec: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceState> {
  const metadata = (await input.catalog.loadTableToRead(spec.table))?.metadata;
  const name = tableName(spec.table);
  const watermark = watermarkFor(progress, { name, tableUuid: metadata?.['table-uuid'] });
  const untouched = { ...NOTHING_NEW, spec, ...given({ watermark }) };
  if (metadata === undefined) {
    refuseMissing(input, spec);
    return { ...untouched, awaited: true };
  }
  const idle = { ...untouched, ...given({ columns: duckdbColumns(currentSchema(metadata).fields) }) };
  // A process of the project has created it, and was stopped before it published.
  if (isWrittenHere(input, spec) && isUntouched(metadata)) return { ...idle, awaited: true };
  refuseUnsupported(name, metadata);
  refuseMissingKey(input, spec, metadata);
  // With `ignore`, loaded hours stay as they are, whatever the columns mean now.
  if (spec.lookup?.onChange === 'restate')
    await refuseReplacedColumns(input, { source: spec, metadata, watermark });
  const head = mainSnapshot(metadata);
  if (head === undefined) return idle;
  const isVerified = (key: string): boolean => input.verified?.has(key) ?? false;
  return Object.freeze({
    ...idle,
    ...lookupChanges(metadata, head, { watermark, isVerified }),
    ...protectionFacts(metadata, input.spec),
    head: positionOf(metadata, head),
    manifestLists: [head['manifest-list']],
    schemaId: metadata['current-schema-id'],
    ...headCounts(head),
  });
}

const isWrittenHere = ({ project }: OpenSessionInput, { table }: SourceSpec): boolean =>
  project.processes.some((each) => sameTable(each.target.table, table));

function refuseMissingKey(
  { spec, project }: OpenSessionInput,
  source: SourceSpec,
  metadata: TableMetadata,
): void {
  const { key, keyPlace } = source.lookup ?? {};
  const schema = currentSchema(metadata);
  if (key === undefined || columnOf(schema, key) !== undefined) return;
  const file = relative(project.root, spec.file);
  const place = keyPlace === undefined ? '' : `:${keyPlace.line}:${keyPlace.column}`;
  const name = tableName(source.table);
  throw usageError('lookup-key-missing', `${file}${place} the lookup ${name} has no column '${key}'`, {
    hint: `name one of its columns as key: ${schema.fields.map((field) => field.name).join(', ')}; or remove the key, and a change computes all hours again`,
    context: { process_name: spec.processName, table: name, column: key, file, ...keyPlace },
  });
}
