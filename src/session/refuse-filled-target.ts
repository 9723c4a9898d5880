/**
 * Refuses a first session onto a target with rows. Target metadata -> nothing, or `target-not-empty`.
 * Otherwise a renamed process would load everything once more beside what it loaded under its old name, and
 * audits of the cohort would pass.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { heirOf, liveRows, publishersOf } from '../state/target-publishers.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { ProgressInput } from './target-progress.ts';

/**
 * Throws `target-not-empty` when the target holds rows, or another process has published to it, unless the
 * process says `existing_rows: keep`. A target that was emptied is like a new one, while no watermark of
 * another process tells how it was filled.
 */
export async function refuseFilledTarget(input: ProgressInput, target: TableMetadata): Promise<void> {
  const { spec } = input;
  if (spec.target.existingRows === 'keep') return;
  const others = publishersOf(target).filter((name) => name !== spec.processName);
  const rows = await rowsOf(input, target);
  if (others.length === 0 && rows === 'none') return;
  const name = tableName(spec.target.table);
  throw refusal(
    'target-not-empty',
    `this is the first session of ${spec.processName}, but its target ${name} holds ${rows === 'none' ? 'watermarks' : rows}, ${whoseRows(spec, target, others)}: loading from the beginning could double rows`,
    {
      hint: waysOn(spec.processName, others),
      context: {
        process_name: spec.processName,
        target: name,
        rows: liveRowsText(target),
        published_by: others,
        file: spec.file,
      },
    },
  );
}

/** Who has loaded what the target holds; `others`: the processes that published to it. */
function whoseRows({ processName }: ProcessSpec, target: TableMetadata, others: readonly string[]): string {
  if (others.length === 0) return 'which no process is known to have loaded';
  const heir = heirOf(target, processName);
  return heir === undefined
    ? `and ${others.join(', ')} has published to it`
    : `and ${heir} has taken over what ${processName} had loaded`;
}

/** Every way on, the likeliest first; the commands can be pasted. */
function waysOn(processName: string, others: readonly string[]): string {
  const renamed = others.map(
    (other) =>
      `run "psyberg adopt ${processName} --from ${other}" if ${other} was renamed to ${processName}: it goes on where ${other} stopped`,
  );
  return [
    ...renamed,
    `run "psyberg adopt ${processName}" if the target holds all rows of its sources up to now`,
    'write existing_rows: keep under target: in its header to load from the beginning beside what is there',
    'or drop the table to load it anew',
  ].join('; ');
}

/** What the target holds, in words, or `none`. Starts DuckDB only if the summary does not tell. */
async function rowsOf(input: ProgressInput, target: TableMetadata): Promise<string> {
  const main = mainSnapshot(target);
  if (main === undefined) return 'none';
  const count = liveRows(main);
  if (count !== undefined) return count === 0n ? 'none' : `${count} ${count === 1n ? 'row' : 'rows'}`;
  const [found] = await (await input.engine()).query(
    statement('session/holds_rows', { table: lakeTable(input.spec.target.table) }),
  );
  return found?.holds_rows === true ? 'rows' : 'none';
}

function liveRowsText(target: TableMetadata): string | null {
  const main = mainSnapshot(target);
  const count = main === undefined ? 0n : liveRows(main);
  return count === undefined ? null : String(count);
}
