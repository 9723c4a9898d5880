/**
 * `join-without-window` and `window-too-short`: what a join finds depends on the hours that a session loads.
 */
import { joinsBeyondWindows, joinsWithoutHours, type UntiedJoin } from '../../plan/joins-without-hours.ts';
import { shortWindowWarning, untiedWarning } from '../../plan/warnings.ts';
import { perProcess, placeInQuery } from './rule.ts';

export const joinsOverHours = perProcess((process) => {
  const { file, tree, spec } = process;
  const at = ({ byte }: UntiedJoin) => ({ file, place: placeInQuery(process, byte) });
  return [
    ...joinsWithoutHours(tree, spec).map((join) => ({ ...untiedWarning(spec, join), ...at(join) })),
    ...joinsBeyondWindows(tree, spec).map((join) => ({ ...shortWindowWarning(spec, join), ...at(join) })),
  ];
});
