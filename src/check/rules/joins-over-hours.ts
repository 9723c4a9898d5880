/** `join-without-window`: what a join finds depends on the hours that a session happens to load. */
import { joinsWithoutHours } from '../../plan/joins-without-hours.ts';
import { untiedWarning } from '../../plan/warnings.ts';
import { perProcess, placeInQuery } from './rule.ts';

export const joinsOverHours = perProcess((process) =>
  joinsWithoutHours(process.tree, process.spec).map((join) => {
    const { message, hint } = untiedWarning(process.spec, join);
    return {
      code: 'join-without-window',
      file: process.file,
      place: placeInQuery(process, join.byte),
      message,
      hint,
    };
  }),
);
