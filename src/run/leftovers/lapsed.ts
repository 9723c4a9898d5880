/**
 * The error of a session so old that other machines may take it for dead. Session -> conflict: plan again.
 */
import { conflict, type PsybergError } from '../../model/errors.ts';
import type { Begun } from '../session.ts';

export const sessionLapsed = ({ plan }: Pick<Begun, 'plan'>): PsybergError =>
  conflict(
    'session-overtaken',
    `session ${plan.psyberg_session_id} of ${plan.process_name} began about a day ago: other machines take it for a lost one's, and its files away`,
    {
      hint: 'plan again',
      context: { process_name: plan.process_name, session: plan.psyberg_session_id },
    },
  );
