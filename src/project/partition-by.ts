/**
 * Reads partition expressions: `hour(cancel_ts)`, `bucket(16, account_id)`, `country`. Text ->
 * PartitionBySpec. Pure.
 */
import type { PartitionBySpec, PartitionTransform } from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';

const TRANSFORMS: readonly PartitionTransform[] = [
  'identity',
  'year',
  'month',
  'day',
  'hour',
  'bucket',
  'truncate',
];
const CALL = /^([A-Za-z_]\w*)\s*\(([\s\S]*)\)$/;
const COLUMN = /^(?:([A-Za-z_]\w*)|"((?:[^"]|"")+)")$/;

/** Why a text is not a partition expression. */
export interface PartitionProblem {
  readonly message: string;
  readonly hint?: string;
}

/**
 * The entries of a `partition_by` list, with the index of each. YAML splits `[bucket(16, id)]` at the comma,
 * which its writer did not mean: pieces of an open bracket are put together again.
 */
export function partitionEntries(
  list: readonly unknown[],
): readonly { readonly text: string; readonly index: number }[] {
  const entries: { text: string; index: number }[] = [];
  let open = false;
  for (const [index, piece] of list.entries()) {
    const last = entries.at(-1);
    if (open && last !== undefined && (typeof piece === 'string' || typeof piece === 'number'))
      last.text += `, ${piece}`;
    else if (typeof piece === 'string') entries.push({ text: piece, index });
    else continue;
    const text = entries.at(-1)?.text ?? '';
    open = text.includes('(') && !text.includes(')');
  }
  return entries;
}

/** Reads one entry of `partition_by`. The number of bucket and truncate may come first or last. */
export function parsePartitionBy(text: string): PartitionBySpec | PartitionProblem {
  const written = text.trim();
  const bare = columnOf(written);
  if (bare !== undefined) return Object.freeze({ transform: 'identity', column: bare });
  const call = CALL.exec(written);
  if (call === null)
    return {
      message: `not a partition expression: '${text}'`,
      hint: 'write a column, or for example hour(event_ts), bucket(16, account_id)',
    };
  const transform = TRANSFORMS.find((known) => known === call[1]?.toLowerCase());
  if (transform === undefined)
    return {
      message: `unknown partition transform '${call[1]}'`,
      hint: didYouMean(call[1] ?? '', TRANSFORMS, 'transforms'),
    };
  const parts = (call[2] ?? '').split(',').map((part) => part.trim());
  if (transform !== 'bucket' && transform !== 'truncate') {
    const column = parts.length === 1 ? columnOf(parts[0] ?? '') : undefined;
    if (column === undefined)
      return {
        message: `${transform} takes one column, found '${call[2]}'`,
        hint: `write ${transform}(<column>)`,
      };
    return Object.freeze({ transform, column });
  }
  const numbers = parts.filter((part) => /^[0-9]+$/.test(part));
  const columns = parts.map(columnOf).filter((column) => column !== undefined);
  const [column, argument] = [columns[0], Number(numbers[0])];
  // Iceberg spec, "Partition Transforms": both arguments are positive 32-bit integers.
  if (
    parts.length !== 2 ||
    column === undefined ||
    numbers.length !== 1 ||
    argument < 1 ||
    argument > 2_147_483_647
  ) {
    return {
      message: `${transform} takes a positive number and a column, found '${call[2]}'`,
      hint: `write ${transform}(16, <column>)`,
    };
  }
  return Object.freeze({ transform, column, argument });
}

const columnOf = (text: string): string | undefined => {
  const found = COLUMN.exec(text);
  return found === null ? undefined : (found[1] ?? found[2]?.replaceAll('""', '"'));
};
