/**
 * `rows-not-alone` and `hours-not-alone`: a query takes rows together that sessions see at different times.
 */
import { rowsAlone, togetherWarning } from '../../plan/index.ts';
import { columnOfName, perProcess, placeInQuery } from './rule.ts';

export const rowsStandAlone = perProcess((process) => {
  const { spec, file, tree, bound } = process;
  const time = columnOfName(bound?.query.columns ?? [], spec.target.eventTime ?? '');
  const { told } = rowsAlone(tree, spec, time?.type === 'DATE');
  return told.map((each) => ({
    ...togetherWarning(spec, each),
    file,
    place: placeInQuery(process, each.byte),
  }));
});
