/**
 * Refuses a text that is not one condition, or that would end the query around it. Text -> nothing, or an
 * error.
 */
import { usageError } from '../../model/errors.ts';
import { isTreeNode, queryNodes } from '../../model/query-tree.ts';
import { scanSql } from '../../model/scan-sql.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';

/** Throws `condition-invalid`. A column that does not exist is reported when the rows are read. */
export async function refuseNoCondition(workspace: Pick<Workspace, 'binder'>, where: string): Promise<void> {
  const invalid = (why: string): Error =>
    usageError('condition-invalid', `--where is no condition: ${why}`, {
      hint: 'write what stands behind where in a query: --where "event_id = 7"',
      context: { found: where },
    });
  const { statements, unclosed } = scanSql(where);
  if (statements.length === 0) throw invalid('it is empty');
  if (statements.length > 1) throw invalid('it holds several statements');
  if (statements[0]?.semicolon !== undefined) throw invalid('it ends a statement');
  if (unclosed !== undefined) throw invalid(`a ${unclosed.what} in it is never closed`);
  const [parsed] = await (await workspace.binder()).parse([`select (\n${where}\n)`]);
  if (parsed?.fault !== undefined) throw invalid(parsed.fault.message.split('\n')[0] ?? '');
  const [query, ...more] = queryNodes(parsed?.tree);
  const list = query?.['select_list'];
  const from = query?.['from_table'];
  const isAlone =
    more.length === 0 &&
    query?.['type'] === 'SELECT_NODE' &&
    Array.isArray(list) &&
    list.length === 1 &&
    isTreeNode(from) &&
    from['type'] === 'EMPTY';
  if (!isAlone) throw invalid('it is more than one expression');
}
