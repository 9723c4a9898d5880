/** `macro-invalid`: macros that DuckDB does not define. */
import type { Rule } from './rule.ts';

export const macrosDefined: Rule = ({ macros }) =>
  macros.flatMap(({ macro, file, fault }) => {
    if (fault === undefined) return [];
    const [message = ''] = fault.message.split('\n');
    const hint = `correct the macro ${macro.name}: what follows its name is (parameters) as an expression, or as table a query`;
    return [{ code: 'macro-invalid', file, place: macro.place, message, hint }];
  });
