/** Defines, checks and reads the key `on_signal` of psyberg.yaml and of a process. Pure. */
import * as z from 'zod';
import { filled, strictMap } from '../kinds/shapes.ts';
import { durationMs, FINE_DURATION_PATTERN } from '../model/hour.ts';
import type { OnSignalSpec } from '../model/on-signal.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { judgedText } from './validate.ts';
import type { YamlText } from './yaml-text.ts';

const TIMEOUT_RULE = 'must be a number with s or m, such as 30s or 2m';
const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const RETRIES_MAX = 20;

export const onSignalSchema = strictMap({
  command: z.array(filled).min(1, 'must name a program').optional(),
  webhook: filled.optional(),
  timeout: judgedText(
    z.string(TIMEOUT_RULE).refine((text) => (durationMs(text, { fine: true }) ?? 0) > 0, TIMEOUT_RULE),
    FINE_DURATION_PATTERN,
  ).optional(),
  retries: z.int('retries must be a whole number').min(0).max(RETRIES_MAX).optional(),
});

/** The value that its schema has accepted. */
export interface HeaderOnSignal {
  readonly command?: readonly string[];
  readonly webhook?: string;
  readonly timeout?: string;
  readonly retries?: number;
}

/** Reports what the schema cannot express. */
export function checkOnSignal(written: unknown, yaml: YamlText, report: ReportProblem): void {
  if (!isMap(written)) return;
  const { command, webhook } = written;
  if ((command === undefined) === (webhook === undefined))
    report(
      yaml.placeOf(['on_signal']),
      command === undefined
        ? 'on_signal needs command or webhook'
        : 'on_signal has command or webhook, not both',
      'write command: [program, argument], or webhook: https://…',
    );
  if (typeof webhook !== 'string') return;
  if (!/^(?:https?:\/\/|\$\{)/.test(webhook))
    report(yaml.placeOf(['on_signal', 'webhook']), 'webhook must begin with http:// or https://');
}

export const onSignalOf = ({ command, webhook, timeout, retries }: HeaderOnSignal): OnSignalSpec => ({
  ...(command === undefined ? {} : { command }),
  ...(webhook === undefined ? {} : { webhook }),
  timeoutMs: (timeout === undefined ? undefined : durationMs(timeout, { fine: true })) ?? TIMEOUT_MS,
  retries: retries ?? RETRIES,
});
