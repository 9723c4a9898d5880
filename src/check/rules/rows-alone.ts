/** `rows-not-alone` and `hours-not-alone`: a query combines rows that sessions see at different times. */
import { namesInSources, rowsAlone, togetherWarning } from '../../plan/index.ts';
import { columnOfName, perProcess, placeInQuery } from './rule.ts';

export const rowsStandAlone = perProcess((process) => {
  const { spec, file, tree, bound, sources } = process;
  const time = columnOfName(bound?.query.columns ?? [], spec.target.eventTime ?? '');
  const { told } = rowsAlone(tree, spec, {
    ofDates: time?.type === 'DATE',
    columns: namesInSources(sources),
  });
  return told.map((each) => ({
    ...togetherWarning(spec, each),
    file,
    place: placeInQuery(process, each.byte),
  }));
});
