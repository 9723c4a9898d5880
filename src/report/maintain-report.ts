/** Writes what maintenance did, as text for people. MaintainReport -> text. Pure. */
import type {
  DroppedTagRecord,
  FreedFiles,
  MaintainRecord,
  MaintainReport,
} from '../model/maintain-record.ts';
import { errorText } from './run-report.ts';
import { PLAIN, type Style } from './style.ts';
import { bytesText, countText, indent, plural, secondsText } from './text.ts';

/** What was, or would be, done to a table: one text for each fact. */
export const maintainFacts = (
  record: Pick<MaintainRecord, 'compacted' | 'manifests' | 'expired' | 'freed' | 'orphans'>,
): string[] => [
  ...(record.compacted === null || record.compacted.files_before === 0
    ? []
    : [compactedText(record.compacted)]),
  ...(record.manifests === null || record.manifests.before === record.manifests.after
    ? []
    : [`${plural(record.manifests.before, 'manifest')} became ${countText(record.manifests.after)}`]),
  ...(record.expired === null || record.expired.snapshots + record.expired.refs.length === 0
    ? []
    : [expiredText(record.expired)]),
  ...freedText('freed', record.freed),
  ...(record.orphans === null ? [] : freedText('orphans', record.orphans)),
];

/** Writes one line for a table, and below it what a person has to know. */
export function maintainText(record: MaintainRecord, style: Style = PLAIN): string {
  const lines = [
    `${style.strong(record.table)}  ${statusText(record, style)}  ${style.faint(secondsText(record.seconds))}`,
    ...maintainFacts(record).map((fact) => indent(fact, 4)),
  ];
  for (const { who, snapshots } of record.expired?.kept_for ?? [])
    lines.push(
      indent(style.faint(`kept ${plural(snapshots, 'old snapshot')} for the ${who.replace(/^a /, '')}`), 4),
    );
  const { metadata_files: metadataFiles, unknown_files: unknownFiles, bytes } = record.reported;
  if (metadataFiles + unknownFiles > 0)
    lines.push(
      indent(
        style.warn(
          `left: ${plural(metadataFiles, 'metadata file')} that no log knows (--orphan-metadata deletes them), ${plural(unknownFiles, 'file')} of an unknown kind; ${bytesText(bytes)}`,
        ),
        4,
      ),
    );
  for (const note of record.notes) lines.push(indent(style.warn(note), 4));
  if (record.error !== null) lines.push(indent(errorText(record.error, style), 4));
  return lines.join('\n');
}

function statusText({ status, dry_run: dryRun }: MaintainRecord, style: Style): string {
  if (status === 'done') return dryRun ? style.warn('would change') : style.good('done');
  if (status === 'nothing-to-do') return style.faint('nothing to do');
  return status === 'skipped' ? style.warn('left alone') : style.bad(status);
}

const compactedText = (compacted: NonNullable<MaintainRecord['compacted']>): string =>
  `${plural(compacted.files_before, 'small file')} became ${countText(compacted.files_after)}: ${plural(compacted.rows, 'row')}, ${bytesText(compacted.bytes_before)} to ${bytesText(compacted.bytes_after)}` +
  (compacted.delete_files_applied === 0
    ? ''
    : `, ${plural(compacted.delete_files_applied, 'delete file')} applied`);

const expiredText = (expired: NonNullable<MaintainRecord['expired']>): string =>
  `${plural(expired.snapshots, 'snapshot')} expired, ${countText(expired.kept)} kept${expired.refs.length === 0 ? '' : `; references expired: ${expired.refs.join(', ')}`}`;

const KINDS: readonly (readonly [keyof FreedFiles, string])[] = [
  ['data_files', 'data file'],
  ['delete_files', 'delete file'],
  ['manifests', 'manifest'],
  ['manifest_lists', 'manifest list'],
  ['metadata_files', 'metadata file'],
  ['other_files', 'other file'],
];

function freedText(what: string, freed: FreedFiles): string[] {
  const parts = KINDS.flatMap(([kind, noun]) =>
    Number(freed[kind]) === 0 ? [] : [plural(freed[kind], noun)],
  );
  return parts.length === 0 ? [] : [`${what}: ${parts.join(', ')}; ${bytesText(freed.bytes)}`];
}

/** Lists what is released, a line for each table. */
export function droppedTagsText(
  dropped: readonly DroppedTagRecord[],
  { dryRun, style = PLAIN }: { readonly dryRun: boolean; readonly style?: Style },
): string {
  const lines = dropped.map(
    ({ table, process_name: name, tag, snapshots }) =>
      `${style.strong(table)}  ${dryRun ? 'would let go' : 'let go'} ${tag === null ? `the watermark of ${name}` : `the tag ${tag}`}: ${plural(snapshots, 'old snapshot')} may expire`,
  );
  return [...lines, style.faint('psyberg maintain expires them')].join('\n');
}

/** Writes the last lines: what dropped tables left, and the sum. */
export function maintainSummary(report: MaintainReport, style: Style = PLAIN): string {
  const lines = report.dropped_tables.map((each) =>
    style.warn(
      `${each.folder}: ${plural(each.files, 'file')} of a dropped table, ${bytesText(each.bytes)}${each.deleted ? ', deleted' : '; --dropped-tables deletes them'}`,
    ),
  );
  const bytes = report.tables.reduce(
    (sum, record) => sum + BigInt(record.freed.bytes) + BigInt(record.orphans?.bytes ?? '0'),
    0n,
  );
  const dryRun = report.tables.some((record) => record.dry_run);
  const busy = report.tables.filter((record) => record.status === 'done').length;
  lines.push(
    style.faint(
      `${plural(report.tables.length, 'table')}: ${busy} ${dryRun ? 'would be ' : ''}changed, ${bytesText(bytes)} ${dryRun ? 'would be ' : ''}freed`,
    ),
  );
  return lines.join('\n');
}
