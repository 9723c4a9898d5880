/** Session -> Plan. Pure: no I/O, no clock. */
import { assertNever } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import { planStateless } from './plan-stateless.ts';
import { planDimension, planStateful } from './plan-stateful.ts';

export { planAdoption } from './plan-adoption.ts';

/** Decides what a session processes, by the process's pattern. */
export function planSession(session: Session): Plan {
  const { pattern } = session.spec;
  switch (pattern) {
    case 'stateless':
      return planStateless(session);
    case 'stateful':
      return planStateful(session);
    case 'dimension':
      return planDimension(session);
    default:
      return assertNever(pattern);
  }
}
