/** Finds where the value of an expression comes from. Parse tree + scope -> origins. Pure. */
import type { TreeNode } from '../../model/query-tree.ts';
import { AGGREGATES } from '../../model/rows-together.ts';
import { LAMBDA_FUNCTIONS, ROW_MAKERS } from './functions.ts';
import { type Origin, usedFor } from './origins.ts';
import { isName, type OutputColumn } from './output-columns.ts';
import { nodeAt, nodesAt, nodesBelow, textAt, textsAt } from './parse-tree.ts';
import { fail, isAlias, resolve, type Scope } from './scope.ts';

/** The columns that an item of a select list becomes. */
export function selected(item: TreeNode, scope: Scope): OutputColumn[] {
  if (item['class'] === 'STAR') return starColumns(item, scope);
  const alias = textAt(item, 'alias');
  const names = item['class'] === 'COLUMN_REF' ? textsAt(item, 'column_names') : [];
  return [{ name: alias === '' ? names.at(-1) : alias, origins: originsOf(item, scope) }];
}

function starColumns(star: TreeNode, scope: Scope): OutputColumn[] {
  const members = ['columns', 'expr'].some((member) => star[member] !== false && star[member] !== null);
  if (members || nodesAt(star, 'qualified_exclude_list').length > 0) fail();
  const relation = textAt(star, 'relation_name');
  const shown =
    relation === '' ? scope.inScope : scope.inScope.filter(({ alias }) => isName(alias, relation));
  if (shown.length === 0) fail();
  const excluded = textsAt(star, 'exclude_list');
  const replaced = nodesAt(star, 'replace_list');
  const columns: OutputColumn[] = [];
  for (const { name = fail(), origins } of shown.flatMap((table) => table.columns)) {
    const merged = relation === '' ? scope.merged.find((each) => isName(each.name, name)) : undefined;
    // A column of USING only appears once.
    if (merged !== undefined && columns.some((each) => isName(each.name, name))) continue;
    if (excluded.some((each) => isName(each, name))) continue;
    const other = nodeAt(replaced.find((each) => isName(textAt(each, 'key'), name)) ?? {}, 'value');
    columns.push({
      name: newName(star, name),
      origins: other === undefined ? (merged?.origins ?? origins) : originsOf(other, scope),
    });
  }
  return columns;
}

const newName = (star: TreeNode, name: string): string => {
  const entry = nodesAt(star, 'rename_list').find((each) =>
    isName(textAt(nodeAt(each, 'key') ?? {}, 'column'), name),
  );
  return entry === undefined ? name : textAt(entry, 'value');
};

export function originsOf(expression: TreeNode, scope: Scope): Origin[] {
  switch (expression['class']) {
    case 'COLUMN_REF':
      return resolve(textsAt(expression, 'column_names'), scope);
    case 'FUNCTION': {
      const use = AGGREGATES.has(textAt(expression, 'function_name')) ? 'AGGREGATION' : 'TRANSFORMATION';
      return [
        ...usedFor(argumentsOf(expression, scope), use),
        ...usedFor(below(expression, ['filter'], scope), 'CONDITIONAL'),
        ...usedFor(below(expression, ['order_bys'], scope), 'SORT'),
      ];
    }
    case 'WINDOW':
      return [
        ...usedFor(below(expression, ['children', 'default_expr'], scope), 'TRANSFORMATION'),
        ...usedFor(
          below(
            expression,
            ['partitions', 'orders', 'arg_orders', 'filter_expr', 'offset_expr', 'start_expr', 'end_expr'],
            scope,
          ),
          'WINDOW',
        ),
      ];
    case 'CASE': {
      const checks = nodesAt(expression, 'case_checks');
      const values = [...checks.map((check) => nodeAt(check, 'then_expr')), nodeAt(expression, 'else_expr')];
      return [
        ...usedFor(allOf(values, scope), 'TRANSFORMATION'),
        ...usedFor(
          allOf(
            checks.map((check) => nodeAt(check, 'when_expr')),
            scope,
          ),
          'CONDITIONAL',
        ),
      ];
    }
    case 'SUBQUERY':
      return originsOfSubquery(expression, scope);
    case 'STAR':
      // The parser turns `count(*)` into another function; elsewhere a star stands for columns.
      return usedFor(
        starColumns(expression, scope).flatMap(({ origins }) => origins),
        'TRANSFORMATION',
      );
    default:
      // Such as a position in the select list: nothing below the node tells what it is.
      if (!PLAIN_CLASSES.has(textAt(expression, 'class'))) fail();
      return usedFor(
        nodesBelow(expression).flatMap((each) => originsOf(each, scope)),
        'TRANSFORMATION',
      );
  }
}

/**
 * Classes whose value is made from what is below them. JSON's arrow appears as a lambda; '' is a helper
 * node.
 */
const PLAIN_CLASSES = new Set([
  '',
  'BETWEEN',
  'CAST',
  'COLLATE',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'LAMBDA',
  'OPERATOR',
  'PARAMETER',
  'TYPE',
]);

/** `a -> b` is a function as an argument of a few functions; elsewhere it takes a JSON value by name. */
const argumentsOf = (call: TreeNode, scope: Scope): Origin[] =>
  nodesAt(call, 'children').flatMap((each) =>
    each['class'] === 'LAMBDA' && LAMBDA_FUNCTIONS.has(textAt(call, 'function_name'))
      ? originsOfLambda(each, scope)
      : originsOf(each, scope),
  );

const allOf = (nodes: readonly (TreeNode | undefined)[], scope: Scope): Origin[] =>
  nodes.flatMap((node) => (node === undefined ? [] : originsOf(node, scope)));

const below = (node: TreeNode, members: readonly string[], scope: Scope): Origin[] =>
  members.flatMap((member) => allOf([nodeAt(node, member), ...nodesAt(node, member)], scope));

function originsOfLambda(lambda: TreeNode, scope: Scope): Origin[] {
  const left = nodeAt(lambda, 'lhs') ?? fail();
  const parameters = left['class'] === 'COLUMN_REF' ? [left] : nodesAt(left, 'children');
  const names = parameters.flatMap((each) => textsAt(each, 'column_names'));
  const bound = new Set([...scope.bound, ...names.map((name) => name.toLowerCase())]);
  return originsOf(nodeAt(lambda, 'expr') ?? fail(), { ...scope, bound });
}

function originsOfSubquery(expression: TreeNode, scope: Scope): Origin[] {
  const body = nodeAt(nodeAt(expression, 'subquery') ?? {}, 'node') ?? fail();
  const query = scope.ofQuery(body, { ofQuery: scope.ofQuery, tables: scope.tables, outer: scope });
  const kind = textAt(expression, 'subquery_type');
  // The values of `exists` do not matter.
  const values = /EXISTS$/.test(kind) ? [] : query.columns.flatMap(({ origins }) => origins);
  return [
    ...usedFor(values, kind === 'SCALAR' ? 'TRANSFORMATION' : 'CONDITIONAL'),
    ...usedFor(query.rows, 'FILTER'),
    ...usedFor(below(expression, ['child'], scope), 'CONDITIONAL'),
  ];
}

/**
 * True for an expression that cannot be grouped by: it contains an aggregate, or the name of an earlier one.
 */
export function isAggregate(expression: TreeNode, scope: Scope, aliases: ReadonlySet<string>): boolean {
  if (expression['class'] === 'SUBQUERY') return false;
  if (expression['class'] === 'FUNCTION' && AGGREGATES.has(textAt(expression, 'function_name'))) return true;
  const [name = '', another] =
    expression['class'] === 'COLUMN_REF' ? textsAt(expression, 'column_names') : [];
  if (name !== '' && another === undefined && aliases.has(name.toLowerCase()) && isAlias(name, scope))
    return true;
  return nodesBelow(expression).some((each) => isAggregate(each, scope, aliases));
}

/** True if each row becomes as many rows as a list in the expression is long. */
export const makesRows = (expression: TreeNode): boolean =>
  expression['class'] !== 'SUBQUERY' &&
  (ROW_MAKERS.has(textAt(expression, 'function_name')) || nodesBelow(expression).some(makesRows));
