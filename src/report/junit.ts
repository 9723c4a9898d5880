/** Writes the results of tests as the JUnit XML that CI servers show. TestReport -> text. Pure. */
import type { TestReport, TestResult } from '../model/test-record.ts';
import { testText } from './test-report.ts';

/** Writes one suite for each file. Times are in seconds. */
export function junitText({ tests }: TestReport): string {
  const suites = new Map<string, TestResult[]>();
  for (const test of tests) suites.set(test.file, [...(suites.get(test.file) ?? []), test]);
  const total = countsOf(tests);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="psyberg" ${total}>`,
    ...[...suites].flatMap(([file, cases]) => [
      `  <testsuite name="${xml(file)}" ${countsOf(cases)}>`,
      ...cases.flatMap(caseLines),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function countsOf(tests: readonly TestResult[]): string {
  const count = (status: TestResult['status']): number =>
    tests.filter((test) => test.status === status).length;
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  return `tests="${tests.length}" failures="${count('failed')}" errors="${count('error')}" time="${seconds.toFixed(3)}"`;
}

function caseLines(test: TestResult): string[] {
  const open = `    <testcase name="${xml(test.name)}" classname="${xml(test.file)}" time="${test.seconds.toFixed(3)}"`;
  if (test.status === 'passed') return [`${open}/>`];
  const tag = test.status === 'failed' ? 'failure' : 'error';
  const [failure] = test.failures;
  const message =
    test.error?.message.split('\n')[0] ??
    `${failure?.what} after arrival ${failure?.arrival} in the order ${failure?.order.join(', ')}`;
  return [
    `${open}>`,
    `      <${tag} message="${xml(message)}">${xml(testText(test))}</${tag}>`,
    '    </testcase>',
  ];
}

/** Escapes text for XML, and removes characters that XML cannot hold. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
