export type { BoundStatement, BoundValue } from './bind.ts';
export type { Binder, Bound, BoundColumn, ParsedText, PlannedOver, QueryPlan, TextFault } from './binder.ts';
export { parseColumnType } from './column-types.ts';
export type { Engine, Row } from './engine.ts';
export { forkWhenAsked } from './fork-when-asked.ts';
export { togetherOrSingly } from './mixed-files.ts';
export { openBinder, openEngine } from './open.ts';
export {
  forkForQueries,
  forkForStatements,
  forkWithMacros,
  openBeside,
  openWarehouse,
  releaseWithFork,
} from './open-warehouse.ts';
export { type ParserVerdict, parseQuery } from './parse-query.ts';
export type { Parameters, ParameterValue, Script, ScriptChange } from './run-script.ts';
export { isSchemaUnknown } from './schema-unknown.ts';
export type { StorageAccess } from './storage-secrets.ts';
export type { ResultColumn, ResultRows } from './values.ts';
