// Goal: what `psyberg doctor` says stands in columns, however long names are. Method: checks in, text out.
import { describe, expect, it } from 'vitest';
import { type Check, doctorText } from '../../src/report/doctor.ts';

const LONG = 'customer_account_subscription_state_dimension_load < warehouse_of_the_company.provider_events';
const CHECKS: readonly Check[] = [
  { name: 'Node', status: 'ok', message: '24.1.0', hint: null },
  { name: 'facts.cancel_fact < raw.cancels', status: 'warn', message: 'goes soon', hint: 'run more often' },
  { name: LONG, status: 'fail', message: 'the first line\nthe second', hint: null },
];

describe('doctor', () => {
  it('puts a message beside its name, and below a name that is too long for its column', () => {
    expect(doctorText(CHECKS, { width: 80 })).toBe(
      [
        'ok    Node                              24.1.0',
        'warn  facts.cancel_fact < raw.cancels   goes soon',
        '      hint: run more often',
        'fail  customer_account_subscription_state_d…house_of_the_company.provider_events',
        '                                        the first line',
        '      the second',
        '',
        '3 checks: 1 ok, 1 warning, 1 failed',
      ].join('\n'),
    );
  });
  it('gives short names no more room than they need', () => {
    expect(doctorText(CHECKS.slice(0, 2)).split('\n')[0]).toBe(
      'ok    Node                             24.1.0',
    );
    expect(doctorText(CHECKS.slice(0, 1)).split('\n')[0]).toBe('ok    Node  24.1.0');
  });
});
