/** `table-ddl-failed`, `table-unused`: checks the files of `tables/`. */
import { tableKey, tableName } from '../../model/names.ts';
import { positionAt } from '../../project/problems.ts';
import type { Checked, CheckedTableFile } from '../facts.ts';
import type { Found, Rule } from './rule.ts';

const BEGIN = { line: 1, column: 1 };

export const tableFiles: Rule = (checked) =>
  checked.tableFiles.flatMap((file) => [...ddlOf(file), ...unused(checked, file)]);

function ddlOf({ table, file, text, wrong, ddl }: CheckedTableFile): Found[] {
  const code = 'table-ddl-failed';
  if (table.namespace.length === 0)
    return [
      {
        code,
        file,
        place: BEGIN,
        message: 'it lies in no folder of a namespace, so nobody knows which table it describes',
        hint: `move it to tables/<namespace>/${table.name}.sql`,
      },
    ];
  if (wrong !== undefined) return [{ code, file, ...wrong }];
  if (ddl.fault === undefined) return [];
  const name = tableName(table);
  if (ddl.isOther)
    return [
      {
        code,
        file,
        place: BEGIN,
        message: `it creates no table ${name}`,
        hint: `write create table ${name} (…), or move the file to where its table's name says`,
      },
    ];
  const place = ddl.offset === undefined ? BEGIN : positionAt(text, ddl.offset);
  const [message = ''] = ddl.fault.message.split('\n');
  return [{ code, file, place, message, hint: `it is plain DDL: create table ${name} (…)` }];
}

function unused({ drafts }: Checked, { table, file }: CheckedTableFile): Found[] {
  const isNamed = drafts.some(
    ({ sources, target }) =>
      (target !== undefined && tableKey(target) === tableKey(table)) ||
      sources.some((source) => tableKey(source.table) === tableKey(table)),
  );
  // A file that cannot be read may name the table.
  if (isNamed || table.namespace.length === 0 || drafts.some(({ header }) => header === undefined)) return [];
  return [
    {
      code: 'table-unused',
      file,
      place: BEGIN,
      message: `no process reads ${tableName(table)}`,
      hint: 'remove the file, or add the table to the sources of a process',
    },
  ];
}
