/** `macro-invalid`: macros that DuckDB cannot define, and those that read more than their arguments. */
import { relativeFile } from '../../project/relative-file.ts';
import type { Found, Rule } from './rule.ts';

export const macrosDefined: Rule = ({ project, macros }) => [
  ...macros.undefined.map(({ macro, fault }): Found => {
    const [message = ''] = fault.message.split('\n');
    const hint = `correct the macro ${macro.name}: what follows its name is (parameters) as an expression, or as table a query`;
    const file = relativeFile(project.root, macro.file);
    return { code: 'macro-invalid', file, place: macro.place, message, hint };
  }),
  ...macros.problems.map(({ file, line, column, message, hint }): Found => {
    return { code: 'macro-invalid', file, place: { line, column }, message, hint };
  }),
];
