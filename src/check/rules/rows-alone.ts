/**
 * `rows-not-alone` and `hours-not-alone`: a query takes rows together that sessions see at different times.
 */
import { hoursTogetherWarning, rowsAlone, rowsTogetherText } from '../../plan/index.ts';
import { columnOfName, perProcess, placeInQuery } from './rule.ts';

export const rowsStandAlone = perProcess((process) => {
  const { spec, file, tree, bound } = process;
  const time = columnOfName(bound?.query.columns ?? [], spec.target.eventTime ?? '');
  const { told } = rowsAlone(tree, spec, time?.type === 'DATE');
  return told.map((each) => {
    const place = placeInQuery(process, each.byte);
    return spec.pattern === 'stateless'
      ? { code: 'rows-not-alone' as const, file, place, ...rowsTogetherText(spec, each) }
      : { ...hoursTogetherWarning(spec, each), file, place };
  });
});
