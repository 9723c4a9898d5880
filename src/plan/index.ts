/** Session -> Plan. Pure: no I/O, no clock. */
import { assertNever } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import type { CauseOptions } from './causes.ts';
import { planStateless } from './plan-stateless.ts';
import { planDimension, planStateful } from './plan-stateful.ts';

export { planAdoption } from './plan-adoption.ts';

/** Decides what a session processes, by the process's pattern. */
export function planSession(session: Session, options: CauseOptions = { allCauses: false }): Plan {
  const { pattern } = session.spec;
  switch (pattern) {
    case 'stateless':
      return planStateless(session, options);
    case 'stateful':
      return planStateful(session, options);
    case 'dimension':
      return planDimension(session, options);
    default:
      return assertNever(pattern);
  }
}
