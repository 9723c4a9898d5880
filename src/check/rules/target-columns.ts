/**
 * `target-event-time`, `partition-column-missing`, `partition-type`, `column-type-unsupported`: checks that
 * the query returns what its target needs.
 */

import type { BoundColumn } from '../../engine/index.ts';
import { castOfInteger } from '../../model/event-time-hint.ts';
import type { PartitionBySpec } from '../../model/process-spec.ts';
import { byteOf, isTreeNode, queryNodes } from '../../model/query-tree.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import { partitionEntries } from '../../project/partition-by.ts';
import { remedyOf } from '../../workload/duckdb/column-types.ts';
import type { CheckedProcess } from '../facts.ts';
import { columnOfName, type Found, perProcess, placeInQuery } from './rule.ts';

export const targetColumns = perProcess((process) => {
  const columns = process.bound?.query.columns;
  return columns === undefined
    ? []
    : [
        ...eventTimeOfTarget(process, columns),
        ...partitionsOfTarget(process, columns),
        ...typesOfTarget(process, columns),
      ];
});

const returned = (columns: readonly BoundColumn[]): string => columns.map(({ name }) => name).join(', ');

function eventTimeOfTarget({ spec, file, draft }: CheckedProcess, columns: readonly BoundColumn[]): Found[] {
  const { eventTime } = spec.target;
  if (eventTime === undefined) return [];
  const column = columnOfName(columns, eventTime);
  if (column !== undefined && /^(?:TIMESTAMP|DATE|"NULL")/i.test(column.type)) return [];
  const place = draft.placeOf(['target', 'event_time']);
  return [
    column === undefined
      ? {
          code: 'target-event-time',
          file,
          place,
          message: `the query does not return ${eventTime}, the event time of its target; it returns ${returned(columns)}`,
          hint: `add it to the select list: … as ${eventTime}; or name another column`,
        }
      : {
          code: 'target-event-time',
          file,
          place,
          message: `the query returns ${eventTime} as ${column.type}, expected a timestamp or a date`,
          hint: `cast it: ${/INT(?:EGER)?$/i.test(column.type) ? castOfInteger(eventTime) : `${eventTime}::timestamptz as ${eventTime}`}`,
        },
  ];
}

function partitionsOfTarget({ spec, file, draft }: CheckedProcess, columns: readonly BoundColumn[]): Found[] {
  const target = draft.header?.['target'] as { readonly partition_by?: unknown[] } | undefined;
  const entries = partitionEntries(target?.partition_by ?? []);
  return spec.target.partitionBy.flatMap((partition, at): Found[] => {
    const place = draft.placeOf(['target', 'partition_by', entries[at]?.index ?? at]);
    const column = columnOfName(columns, partition.column);
    if (column === undefined)
      return [
        {
          code: 'partition-column-missing',
          file,
          place,
          message: `the query does not return ${partition.column}, by which its target is partitioned`,
          hint: didYouMean(
            partition.column,
            columns.map(({ name }) => name),
            'it returns',
          ),
        },
      ];
    if (takes(partition, column.type)) return [];
    return [
      {
        code: 'partition-type',
        file,
        place,
        message: `${partition.transform} does not take ${partition.column}, which the query returns as ${column.type}`,
        hint: 'partition by another column or transform, or cast it in the query',
      },
    ];
  });
}

const TIMESTAMPS = 'TIMESTAMP.*';
const WHOLE = 'U?(?:TINYINT|SMALLINT|INTEGER)|BIGINT';
/** DuckDB's types whose values a transform takes (Iceberg specification, "Partition Transforms"). */
const TAKEN: Readonly<Record<PartitionBySpec['transform'], string>> = {
  identity: '[^[(]*|DECIMAL.*',
  hour: TIMESTAMPS,
  day: `${TIMESTAMPS}|DATE`,
  month: `${TIMESTAMPS}|DATE`,
  year: `${TIMESTAMPS}|DATE`,
  bucket: `${WHOLE}|DECIMAL.*|HUGEINT|DATE|TIME|${TIMESTAMPS}|VARCHAR|UUID|BLOB`,
  truncate: `${WHOLE}|DECIMAL.*|HUGEINT|VARCHAR|BLOB`,
};

const takes = ({ transform }: PartitionBySpec, type: string): boolean =>
  type === '"NULL"' || new RegExp(`^(?:${TAKEN[transform]})$`, 'i').test(type);

function typesOfTarget(process: CheckedProcess, columns: readonly BoundColumn[]): Found[] {
  const { spec, file } = process;
  const version = Number(spec.target.properties['format-version'] ?? 2);
  return columns.flatMap(({ name, type }, index): Found[] => {
    const remedy = remedyOf(name, type, version, file);
    if (remedy === undefined) return [];
    return [
      {
        code: 'column-type-unsupported',
        file,
        place: placeInQuery(process, byteOfColumn(process, index)),
        message: `the query returns ${name} of type ${type}, which ${remedy.lack}`,
        hint: remedy.hint,
      },
    ];
  });
}

/** Where the select list names a column, unless stars come before it. */
function byteOfColumn({ tree }: CheckedProcess, index: number): number | undefined {
  const list = queryNodes(tree)[0]?.['select_list'];
  if (!Array.isArray(list) || list.some((each) => isTreeNode(each) && each['class'] === 'STAR'))
    return undefined;
  return isTreeNode(list[index]) ? byteOf(list[index]) : undefined;
}
